import type { ChunkBatch, StreamChunk } from '../../contract/stream-chunk.js';

/** What is held back of events without content; a real preamble has one to three. */
const MAX_CHARS = 256 * 1024;

/**
 * What a stream says before its first content. It is held back, because until then another target
 * may answer. A server may send empty chunks for as long as it likes: they are its heartbeats.
 */
export class Preamble {
  #chunks: StreamChunk[] = [];
  #chars = 0;
  #isTooLong = false;

  /** @param onTooLong called once, when something has to be left out */
  constructor(private readonly onTooLong: () => void) {}

  /** @param hasContent the batch ends the preamble, and is kept whatever its length */
  add(batch: ChunkBatch, hasContent: boolean): void {
    for (const chunk of batch) this.#chars += charsOf(chunk);
    if (hasContent || this.#chars <= MAX_CHARS) {
      for (const chunk of batch) this.#chunks.push(chunk);
    } else if (!this.#isTooLong) {
      this.#isTooLong = true;
      this.onTooLong();
    }
  }

  /** All of it; a stream may last for long, and need not keep its beginning. */
  take(): ChunkBatch {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }
}

/** About as much as it takes to hold on to a chunk without content. */
function charsOf({ wire }: StreamChunk): number {
  return 64 + (typeof wire === 'object' ? (wire.chars ?? 0) : 0);
}
