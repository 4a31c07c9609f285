import { isContent, type StreamChunk } from '../../contract/stream-chunk.js';

/**
 * The copy of what a caller has been given that a recovery needs: text and nothing else, and not
 * more than `maxBytes` of it. Beyond that there is no copy and no recovery.
 */
export class SentText {
  #text: string | undefined = '';
  #bytes = 0;
  #chunks = 0;

  constructor(private readonly maxBytes: number) {}

  /** What was given so far; nothing where it cannot be taken up again. */
  get text(): string | undefined {
    return this.#text;
  }

  /** In how many pieces: for most upstreams a piece is a token. */
  get chunks(): number {
    return this.#chunks;
  }

  add(chunk: StreamChunk): void {
    if (this.#text === undefined || !isContent(chunk)) return;
    if (chunk.type !== 'text-delta') {
      this.#text = undefined;
      return;
    }
    this.#chunks += 1;
    this.#bytes += Buffer.byteLength(chunk.text);
    this.#text = this.#bytes > this.maxBytes ? undefined : this.#text + chunk.text;
  }
}
