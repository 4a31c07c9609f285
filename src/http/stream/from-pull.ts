import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Writable } from 'node:stream';
import { Observable } from 'rxjs';
import type { ChunkBatch, StreamChunk } from '../../contract/stream-chunk.js';

/**
 * What is handed on in one turn of the event loop: whatever one upstream delivered at once, other
 * streams get their turn in between. It also bounds what `@Sse` queues, which writes a turn later.
 */
const PER_TURN = { chunks: 32, chars: 16 * 1024 };

/** What can be pulled, until it is over. */
interface Pullable {
  readonly batches: AsyncIterable<ChunkBatch>;
  readonly over: AbortSignal;
}

/**
 * The one place where pull becomes push, and so the one place of backpressure: reads the source
 * only while `sink` drains, so that a slow caller slows the upstream instead of filling our heap.
 */
export function fromPull({ batches, over }: Pullable, sink: Writable): Observable<ChunkBatch> {
  return new Observable((subscriber) => {
    const pump = async () => {
      const iterator = batches[Symbol.asyncIterator]();
      subscriber.add(() => void iterator.return?.().catch(() => undefined));
      const turn = { chunks: 0, chars: 0 };
      for (;;) {
        const { done, value: batch } = await iterator.next();
        if (subscriber.closed) return;
        if (done) return subscriber.complete();
        subscriber.next(batch);
        turn.chunks += batch.length;
        for (const chunk of batch) turn.chars += charsOf(chunk);
        if (turn.chunks >= PER_TURN.chunks || turn.chars >= PER_TURN.chars) {
          await nextTurn();
          turn.chunks = 0;
          turn.chars = 0;
        }
        // After the turn: `@Sse` has written what it was given only then.
        if (sink.writableNeedDrain) await drained(sink, over);
      }
    };
    pump().catch((error: unknown) => subscriber.error(error));
  });
}

/** Also resolves when the source is over: its next chunk is then the error that says why. */
async function drained(sink: Writable, over: AbortSignal): Promise<void> {
  await once(sink, 'drain', { signal: over }).catch((error: unknown) => {
    if (!over.aborted) throw error;
  });
}

function charsOf(chunk: StreamChunk): number {
  if ('text' in chunk) return chunk.text.length;
  if (chunk.type === 'image-delta') return chunk.url.length;
  return chunk.type === 'tool-call-delta' ? chunk.arguments.length : 0;
}
