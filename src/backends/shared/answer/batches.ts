import type { ChunkBatch, StreamChunk } from '../../../contract/stream-chunk.js';

/** As much as may be done for one stream while all others wait. */
const MAX_CHUNKS = 32;

/**
 * The chunks made from the events of one read, in batches. What came before an event that `map`
 * throws for is given first.
 */
export function* batchesOf<T>(
  events: readonly T[],
  map: (event: T) => readonly StreamChunk[],
): Generator<ChunkBatch> {
  let batch: StreamChunk[] = [];
  try {
    for (const event of events) {
      // One event may hold more pieces than a call takes arguments.
      for (const chunk of map(event)) batch.push(chunk);
      if (batch.length < MAX_CHUNKS) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    if (batch.length > 0) yield batch;
    throw error;
  }
  if (batch.length > 0) yield batch;
}
