import { setTimeout as pause } from 'node:timers/promises';
import type { Response } from 'express';
import type { Observable, TeardownLogic } from 'rxjs';

/** How a dialect answers one request. */
export interface DialectWriter<T> {
  /** The handler has routed the request, or refused it. */
  start(): void;
  write(value: T): void;
  /** What failed; whether in-band or with a status depends on what has been written. */
  fail(error: unknown): void;
  complete(): void;
  /** Nothing will be written any more: lets go of timers. */
  stop(): void;
}

/** How long what failed may take to let go of its upstream before the caller is told. */
const LET_GO_MS = 250;

/** Gives a writer what the handler emits, and what becomes of it. */
export function feed<T>(
  writer: DialectWriter<T>,
  source: Observable<T>,
  response: Response,
): TeardownLogic {
  // Not before the next turn: anything emitted in this one turns a 400 or 404 of `@Sse` into a 200.
  const turn = setImmediate(() => writer.start());
  const fail = (failure: unknown) => {
    if (subscription.closed) return;
    const over = response.locals.generation?.fail(failure);
    subscription.unsubscribe();
    tellOnceOver(writer, failure, over).catch(() => response.destroy());
  };
  const subscription = source.subscribe({
    next: (value) => {
      try {
        writer.write(value);
      } catch (error) {
        // Thrown from here it would end the process.
        fail(error);
      }
    },
    error: (error: unknown) => writer.fail(error),
    complete: () => writer.complete(),
  });
  response.locals.fail = fail;
  return () => {
    clearImmediate(turn);
    subscription.unsubscribe();
    writer.stop();
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
