import { EventBatch } from '../../../contract/event-batch.js';
import type { StreamEvent } from '../../../contract/stream-event.js';

/** As much as may be done for one stream while all others wait. */
const MAX_PARTS = 32;

/**
 * What the frames of one read mean, in batches. What came before a frame that `map` throws for is
 * given first.
 */
export function* batchesOf<T>(
  frames: readonly T[],
  map: (frame: T) => readonly StreamEvent[],
): Generator<EventBatch> {
  let events: StreamEvent[] = [];
  let parts = 0;
  try {
    for (const frame of frames) {
      for (const event of map(frame)) {
        events.push(event);
        parts += Math.max(1, event.parts.length);
      }
      if (parts < MAX_PARTS) continue;
      yield new EventBatch(events);
      events = [];
      parts = 0;
    }
  } catch (error) {
    if (events.length > 0) yield new EventBatch(events);
    throw error;
  }
  if (events.length > 0) yield new EventBatch(events);
}
