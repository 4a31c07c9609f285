import { EventBatch } from '../../contract/event-batch.js';
import type { StreamEvent } from '../../contract/stream-event.js';

/**
 * Pulls the next batch of an answer; there is none after the one that has its end.
 * @throws GatewayError whatever broke the answer off
 */
export type NextBatch = () => Promise<EventBatch>;

/** What is held back of events without content; a real preamble has one to three. */
const MAX_HELD_CHARS = 256 * 1024;

/**
 * Reads a stream up to its first content, or to the end of an empty answer. Nothing of it is handed
 * on before, because until then another target may answer. A server may send empty events for as
 * long as it likes: they are its heartbeats.
 * @param onTooLong called once, when something has to be left out
 * @returns everything that was read, as one batch
 */
export async function firstContent(next: NextBatch, onTooLong: () => void): Promise<EventBatch> {
  const held: StreamEvent[] = [];
  let chars = 0;
  let isTooLong = false;
  for (;;) {
    const batch = await next();
    const isAnswer = batch.contentParts > 0 || batch.end !== undefined;
    if (isAnswer && held.length === 0) return batch;
    for (const event of batch.events) chars += charsOf(event);
    if (isAnswer || chars <= MAX_HELD_CHARS) {
      for (const event of batch.events) held.push(event);
    } else if (!isTooLong) {
      isTooLong = true;
      onTooLong();
    }
    if (isAnswer) return new EventBatch(held);
  }
}

/** About as much as it takes to hold on to an event without content. */
function charsOf({ native }: StreamEvent): number {
  return 64 + (native?.chars ?? 0);
}
