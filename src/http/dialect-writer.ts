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
  const subscription = source.subscribe({
    next: (value) => {
      try {
        writer.write(value);
      } catch (error) {
        // Thrown from here it would end the process.
        response.locals.generation?.fail(error);
        subscription.unsubscribe();
        writer.fail(error);
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
