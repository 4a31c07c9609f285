import { setTimeout as pause } from 'node:timers/promises';
import type { Response } from 'express';
import { type Observable, Subscription, type TeardownLogic } from 'rxjs';
import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { ChunkBatch } from '../../contract/stream-chunk.js';
import type { Generation } from '../../generation/generation.service.js';
import type { Answering } from './generation-starter.js';

/** How a dialect answers one request. */
export interface DialectWriter<Options> {
  /** The handler has begun a generation. */
  begin(generation: Generation, options: Options): void;
  write(value: ChunkBatch | ChatAnswer): void;
  /** What failed; whether in-band or with a status depends on what has been written. */
  fail(error: unknown): void;
  complete(): void;
  /** Nothing will be written any more: lets go of timers. */
  stop(): void;
}

/** How long what failed may take to let go of its upstream before the caller is told. */
const LET_GO_MS = 250;

/** Gives a writer what the handler answers with, and what becomes of it. */
export function feed<Options>(
  writer: DialectWriter<Options>,
  source: Observable<Answering<Options>>,
  response: Response,
): TeardownLogic {
  const { context } = response.locals;
  // Its caller left while it waited behind others of its connection.
  if (context.signal.aborted) return writer.complete();
  const subscription = new Subscription();
  let generation: Generation | undefined;
  let isComplete = false;
  const fail = (failure: unknown) => {
    if (subscription.closed) return;
    const over = generation?.fail(failure);
    subscription.unsubscribe();
    tellOnceOver(writer, failure, over).catch(() => response.destroy());
  };
  const write = (value: ChunkBatch | ChatAnswer) => {
    try {
      writer.write(value);
    } catch (error) {
      // Thrown from here it would end the process.
      fail(error);
    }
  };
  const begin = ({ generation: begun, options, emitted }: Answering<Options>) => {
    generation = begun;
    writer.begin(begun, options);
    subscription.add(
      emitted.subscribe({
        next: write,
        error: (error) => writer.fail(error),
        complete: () => {
          isComplete = true;
          writer.complete();
        },
      }),
    );
  };
  context.writtenBy({ fail });
  subscription.add(source.subscribe({ next: begin, error: (error) => writer.fail(error) }));
  return () => {
    subscription.unsubscribe();
    writer.stop();
    if (!isComplete) context.abort();
  };
}

/** By then the attempt that ran is recorded; should it hang, the caller must not hang with it. */
async function tellOnceOver(
  writer: Pick<DialectWriter<never>, 'fail'>,
  failure: unknown,
  over: Promise<void> | undefined,
): Promise<void> {
  await Promise.race([over, pause(LET_GO_MS, undefined, { ref: false })]);
  writer.fail(failure);
}
