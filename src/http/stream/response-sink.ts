import type { Response } from 'express';
import type { Subscriber } from 'rxjs';
import { setTargetHeaders } from '../generation-headers.js';
import type { FrameSink } from './frame-sink.js';

/** What keeps everybody on the way from holding a stream back. */
export const STREAM_HEADERS = {
  'cache-control': 'no-cache, no-transform',
  // nginx would collect the answer before it passes it on.
  'x-accel-buffering': 'no',
};

/** How long the last frame of a failed stream may wait for a slow caller. */
const LAST_FRAME_MS = 5000;

/**
 * How long the connection outlives the last frame of a failed stream. A reset may overtake what came
 * right before it: behind nginx, over HTTP/2, Chromium drops it unread.
 */
const LAST_FRAME_AHEAD_MS = 100;

/** The response of a `@Post` route, written by hand: committed late, ended in one of two ways. */
export class ResponseSink implements FrameSink<string> {
  constructor(
    private readonly response: Response,
    private readonly contentType: string,
    private readonly subscriber: Subscriber<unknown>,
  ) {}

  /** Nobody but this sink commits it. */
  decided(): void {}

  write(frames: readonly string[]): void {
    this.#write(frames.join(''));
  }

  fill(text: string): void {
    this.#write(text);
  }

  end(): void {
    this.response.end();
    this.#complete();
  }

  /**
   * The last frame, then the connection without its final zero-length chunk: clients of OpenAI take
   * any other end for success. Ending the socket in the same turn would lose the frame.
   */
  fail(last: string): void {
    const { response } = this;
    // A caller that does not read cannot be told; it can only be left.
    let ending = setTimeout(() => response.destroy(), LAST_FRAME_MS);
    // Node never calls back when the caller leaves in this very moment.
    response.once('close', () => clearTimeout(ending));
    response.write(last, () => {
      clearTimeout(ending);
      ending = setTimeout(() => endUncleanly(response), LAST_FRAME_AHEAD_MS);
    });
    this.#complete();
  }

  #write(text: string): void {
    const { response } = this;
    if (!response.headersSent) this.#commit();
    response.write(text);
  }

  #commit(): void {
    const { record } = this.response.locals.context;
    if (record) setTargetHeaders(this.response, record);
    this.response.writeHead(200, { 'content-type': this.contentType, ...STREAM_HEADERS });
  }

  /** Nest takes the last value of the route's Observable, and complains when there was none. */
  #complete(): void {
    this.subscriber.next(undefined);
    this.subscriber.complete();
  }
}

function endUncleanly(response: Response): void {
  // Without chunks (HTTP/1.0) any end but a reset looks well.
  if (response.chunkedEncoding) response.socket?.destroySoon();
  else response.socket?.resetAndDestroy();
}
