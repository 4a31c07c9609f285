import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Writable } from 'node:stream';
import { Observable } from 'rxjs';
import type { EndReason } from '../contract/gateway-error.js';
import type { StreamChunk } from '../contract/stream-chunk.js';

/**
 * What is handed on in one turn of the event loop: whatever one upstream delivered at once, other
 * streams get their turn in between. It also bounds what `@Sse` queues, which writes a turn later.
 */
const PER_TURN = { chunks: 16, chars: 16 * 1024 };

/**
 * The one place where pull becomes push, and so the one place of backpressure: reads the source
 * only while `sink` drains, so that a slow caller slows the upstream instead of filling our heap.
 *
 * @param open makes the source at subscription; its signal is aborted with `client_closed` when
 *   the subscriber leaves before the end
 */
export function fromPull(
  open: (signal: AbortSignal) => AsyncIterable<StreamChunk>,
  sink: Writable,
): Observable<StreamChunk> {
  return new Observable((subscriber) => {
    const caller = new AbortController();
    const pump = async () => {
      const iterator = open(caller.signal)[Symbol.asyncIterator]();
      subscriber.add(() => {
        caller.abort('client_closed' satisfies EndReason);
        iterator.return?.().catch(() => undefined);
      });
      let chunks = 0;
      let chars = 0;
      for (;;) {
        const { done, value } = await iterator.next();
        if (subscriber.closed) return;
        if (done) return subscriber.complete();
        subscriber.next(value);
        chunks += 1;
        chars += 'text' in value ? value.text.length : 0;
        if (sink.writableNeedDrain) {
          await once(sink, 'drain', { signal: caller.signal });
        } else if (chunks >= PER_TURN.chunks || chars >= PER_TURN.chars) {
          await nextTurn();
          chunks = 0;
          chars = 0;
        }
      }
    };
    pump().catch((error: unknown) => subscriber.error(error));
  });
}
