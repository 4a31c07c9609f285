import type { Response } from 'express';
import type { Subscriber } from 'rxjs';

/** Where the frames of one stream go. Whatever is written commits the response to its status 200. */
export interface FrameSink<Frame> {
  /** Whether there is an answer has been decided: from here on the response may be committed. */
  decided(): void;
  write(frames: readonly Frame[]): void;
  /** Text that fills silence: no frame, so that it has no part in their order. */
  fill(text: string): void;
  end(): void;
  /** Ends a stream that failed, with its last frame, so that no client takes it for a whole answer. */
  fail(last: Frame): void;
}

/** @param subscriber Nest's, of the route: completed when the stream has ended */
export type FrameSinkClass<Frame> = new (
  response: Response,
  contentType: string,
  subscriber: Subscriber<unknown>,
) => FrameSink<Frame>;
