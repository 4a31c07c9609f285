/**
 * Events of an event stream, as far as Sluice sends them: names and data. EventSource itself can
 * send no key, and a reader of a body is what every browser has.
 */
export class EventStream {
  #reader;
  #decoder = new TextDecoder();
  #rest = '';

  /** @param {ReadableStream<Uint8Array>} body */
  constructor(body) {
    this.#reader = body.getReader();
  }

  /** @returns {Promise<{ name: string, data: string } | undefined>} nothing at the end */
  async next() {
    for (;;) {
      const end = /\r?\n\r?\n/.exec(this.#rest);
      if (end) {
        const block = this.#rest.slice(0, end.index);
        this.#rest = this.#rest.slice(end.index + end[0].length);
        const event = parse(block);
        if (event) return event;
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#rest += this.#decoder.decode(value, { stream: true });
    }
  }
}

/** @param {string} block */
function parse(block) {
  const lines = block.split(/\r?\n/);
  const data = fields(lines, 'data');
  return data.length === 0
    ? undefined
    : { name: fields(lines, 'event').at(-1) ?? 'message', data: data.join('\n') };
}

/**
 * @param {readonly string[]} lines
 * @param {string} name
 */
function fields(lines, name) {
  return lines
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).replace(/^ /, ''));
}
