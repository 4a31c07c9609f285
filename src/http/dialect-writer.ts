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

/** Gives a writer what the handler emits, and what becomes of it. */
export function feed<T>(
  writer: DialectWriter<T>,
  source: Observable<T>,
  response: Response,
): TeardownLogic {
  // Not before the next turn: anything emitted in this one turns a 400 or 404 of `@Sse` into a 200.
  const turn = setImmediate(() => writer.start());
  const fail = (error: unknown) => {
    response.locals.generation?.fail(error);
    subscription.unsubscribe();
    // By then the attempt that ran has been recorded.
    setImmediate(() => writer.fail(error));
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
  return () => {
    clearImmediate(turn);
    subscription.unsubscribe();
    writer.stop();
  };
}
