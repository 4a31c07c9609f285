const CR_LF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const EVENT_END = Buffer.from('\n\n');
const LF = 10;
/** Enough for the last event of every dialect. */
const TAIL_CHARS = 512;

/**
 * Reads one HTTP/1.1 response after the other with as little work as can be: it finds where the
 * body's chunks end, counts events and keeps the last characters.
 */
export class ResponseReader {
  status = 0;
  /** Events of the body that is being read. */
  events = 0;
  bodyBytes = 0;
  tail = '';
  #state: 'head' | 'size' | 'data' | 'data end' | 'trailer' | 'sized' = 'head';
  /** What came of a head or of a line that is not complete. */
  #partial: Buffer | undefined;
  #bytesLeft = 0;
  #endsWithLf = false;

  /** Whether a response ended with these bytes; nothing comes behind it before the next request. */
  read(given: Buffer): boolean {
    let bytes = given;
    if (this.#partial) {
      bytes = Buffer.concat([this.#partial, given]);
      this.#partial = undefined;
    }
    let at = 0;
    while (at < bytes.length) {
      const next = this.#step(bytes, at);
      if (next === -1) {
        // The bytes given are overwritten by the next read.
        this.#partial = Buffer.from(bytes.subarray(at));
        return false;
      }
      at = next;
      if (this.#state === 'head') return true;
    }
    return false;
  }

  reset(): void {
    this.events = 0;
    this.bodyBytes = 0;
    this.tail = '';
    this.#endsWithLf = false;
  }

  /** Where to go on; -1: there is not enough yet. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes, at);
      case 'size': {
        const end = bytes.indexOf(CR_LF, at);
        if (end === -1) return -1;
        this.#bytesLeft = parseInt(bytes.toString('latin1', at, end), 16);
        this.#state = this.#bytesLeft === 0 ? 'trailer' : 'data';
        return end + 2;
      }
      case 'data':
        return this.#body(bytes, at, 'data end');
      case 'sized':
        return this.#body(bytes, at, 'head');
      case 'data end':
        if (bytes.length < at + 2) return -1;
        this.#state = 'size';
        return at + 2;
      case 'trailer':
        if (bytes.length < at + 2) return -1;
        this.#state = 'head';
        return at + 2;
    }
  }

  #head(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(HEAD_END, at);
    if (end === -1) return -1;
    const head = bytes.toString('latin1', at, end);
    this.status = Number(head.slice(9, 12));
    const length = /content-length: (\d+)/i.exec(head);
    this.#state = length ? 'sized' : 'size';
    this.#bytesLeft = Number(length?.[1] ?? 0);
    return end + 4;
  }

  #body(bytes: Buffer, at: number, then: 'head' | 'data end'): number {
    const end = Math.min(bytes.length, at + this.#bytesLeft);
    this.#bytesLeft -= end - at;
    this.bodyBytes += end - at;
    this.#count(bytes.subarray(at, end));
    if (this.#bytesLeft === 0) this.#state = then;
    return end;
  }

  #count(body: Buffer): void {
    let from = 0;
    // An event's end may lie in two pieces.
    if (this.#endsWithLf && body[0] === LF) {
      this.events += 1;
      from = 1;
    }
    for (;;) {
      const end = body.indexOf(EVENT_END, from);
      if (end === -1) break;
      this.events += 1;
      from = end + 2;
    }
    this.#endsWithLf = from < body.length && body.at(-1) === LF;
    const tail = body.toString('latin1', Math.max(0, body.length - TAIL_CHARS));
    this.tail = tail.length === TAIL_CHARS ? tail : (this.tail + tail).slice(-TAIL_CHARS);
  }
}
