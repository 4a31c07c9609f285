import type { EventBatch } from '../../contract/event-batch.js';
import type { StreamPart } from '../../contract/stream-event.js';

/**
 * The copy of what a caller has been given that a recovery needs: text and nothing else, and not
 * more than `maxBytes` of it. Beyond that there is no copy and no recovery.
 */
export class SentText {
  #text: string | undefined = '';
  #bytes = 0;
  #pieces = 0;

  constructor(private readonly maxBytes: number) {}

  /** What was given so far; nothing where it cannot be resumed. */
  get text(): string | undefined {
    return this.#text;
  }

  /** In how many pieces: for most upstreams a piece is a token. */
  get pieces(): number {
    return this.#pieces;
  }

  add({ events, contentParts }: EventBatch): void {
    if (contentParts === 0) return;
    for (const { parts } of events) for (const part of parts) this.#add(part);
  }

  #add(part: StreamPart): void {
    if (this.#text === undefined || part.type === 'start' || part.type === 'end') return;
    if (part.type !== 'text-delta') {
      this.#text = undefined;
      return;
    }
    this.#pieces += 1;
    this.#bytes += Buffer.byteLength(part.text);
    this.#text = this.#bytes > this.maxBytes ? undefined : this.#text + part.text;
  }
}
