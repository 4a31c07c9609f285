import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Writable } from 'node:stream';
import { Observable } from 'rxjs';
import type { EndReason } from '../contract/gateway-error.js';

/**
 * Chunks handed on in one turn of the event loop: whatever one upstream delivered at once, other
 * streams get their turn in between. It also bounds what `@Sse` queues, which writes a turn later.
 */
const CHUNKS_PER_TURN = 16;

/**
 * The one place where pull becomes push, and so the one place of backpressure: reads the source
 * only while `sink` drains, so that a slow caller slows the upstream instead of filling our heap.
 *
 * @param open makes the source at subscription; its signal is aborted with `client_closed` when
 *   the subscriber leaves before the end
 */
export function fromPull<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  sink: Writable,
): Observable<T> {
  return new Observable<T>((subscriber) => {
    const caller = new AbortController();
    const pump = async () => {
      const iterator = open(caller.signal)[Symbol.asyncIterator]();
      subscriber.add(() => {
        caller.abort('client_closed' satisfies EndReason);
        iterator.return?.().catch(() => undefined);
      });
      for (let chunks = 1; ; chunks += 1) {
        const { done, value } = await iterator.next();
        if (subscriber.closed) return;
        if (done) return subscriber.complete();
        subscriber.next(value);
        if (sink.writableNeedDrain) await once(sink, 'drain', { signal: caller.signal });
        else if (chunks % CHUNKS_PER_TURN === 0) await nextTurn();
      }
    };
    pump().catch((error: unknown) => subscriber.error(error));
  });
}
