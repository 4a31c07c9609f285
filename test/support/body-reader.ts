import type { BodyEnd } from './strict-stream.js';

/** The body of `fetch` or undici, or a response that has one. */
export type BodySource =
  AsyncIterable<Uint8Array> | { readonly body: AsyncIterable<Uint8Array> | null };

/** Reads a body as it comes, whatever it is written in, also one that is cut. */
export class BodyReader {
  readonly #bytes: AsyncIterator<Uint8Array>;
  readonly #text = new TextDecoder();
  #raw = '';
  #ended: BodyEnd | undefined;
  #error: unknown;

  constructor(source: BodySource) {
    const body = 'body' in source ? source.body : source;
    if (body === null) throw new Error('The response has no body.');
    this.#bytes = body[Symbol.asyncIterator]();
  }

  get ended(): BodyEnd | undefined {
    return this.#ended;
  }

  /** What the body failed with when it was cut. */
  get error(): unknown {
    return this.#error;
  }

  /** Everything read so far, as text. */
  get raw(): string {
    return this.#raw;
  }

  /** What comes next, as text; nothing at the end. */
  async next(): Promise<string | undefined> {
    try {
      const { done, value } = await this.#bytes.next();
      if (done) {
        this.#ended = 'clean';
        return undefined;
      }
      const text = this.#text.decode(value, { stream: true });
      this.#raw += text;
      return text;
    } catch (error) {
      this.#ended = 'cut';
      this.#error = error;
      return undefined;
    }
  }

  /** Everything up to the end. */
  async all(): Promise<string> {
    while (this.#ended === undefined) await this.next();
    return this.#raw;
  }

  /** Stops reading; a fetch body closes its connection then. */
  async leave(): Promise<void> {
    await this.#bytes.return?.();
  }
}
