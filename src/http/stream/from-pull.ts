import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Writable } from 'node:stream';
import { Observable } from 'rxjs';
import type { EventBatch } from '../../contract/event-batch.js';
import type { StreamedGeneration } from '../../generation/generation.service.js';

/**
 * What is handed on in one turn of the event loop: whatever one upstream delivered at once, other
 * streams get their turn in between. It also bounds what `@Sse` queues, which writes a turn later.
 */
const PER_TURN = { events: 32, chars: 16 * 1024 };

/** What can be pulled, until it is over. */
type Pullable = Pick<StreamedGeneration, 'batches' | 'over' | 'waits'>;

/**
 * The one place where pull becomes push, and so the one place of backpressure: reads the source
 * only while `sink` drains, so that a slow caller slows the upstream instead of filling our heap.
 */
export function fromPull(
  { batches, over, waits }: Pullable,
  sink: Writable,
): Observable<EventBatch> {
  return new Observable((subscriber) => {
    const pump = async () => {
      const iterator = batches[Symbol.asyncIterator]();
      subscriber.add(() => void iterator.return?.().catch(() => undefined));
      const turn = { events: 0, chars: 0 };
      for (;;) {
        const { done, value: batch } = await iterator.next();
        if (subscriber.closed) return;
        if (done) return subscriber.complete();
        subscriber.next(batch);
        turn.events += Math.max(batch.events.length, batch.contentParts);
        turn.chars += batch.contentChars;
        if (turn.events >= PER_TURN.events || turn.chars >= PER_TURN.chars) {
          await nextTurn();
          turn.events = 0;
          turn.chars = 0;
        }
        // After the turn: `@Sse` has written what it was given only then.
        if (sink.writableNeedDrain) await waits.during('caller', drained(sink, over));
      }
    };
    pump().catch((error: unknown) => subscriber.error(error));
  });
}

/** Also resolves when the source is over: its next batch is then the error that says why. */
async function drained(sink: Writable, over: AbortSignal): Promise<void> {
  await once(sink, 'drain', { signal: over }).catch((error: unknown) => {
    if (!over.aborted) throw error;
  });
}
