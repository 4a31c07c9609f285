import type { Response } from 'express';

/** What keeps everybody on the way from holding an event stream back. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx would collect the answer before it passes it on.
  'x-accel-buffering': 'no',
};

/** How long the last frame of a failed stream may wait for a slow caller. */
const LAST_FRAME_MS = 5000;

/** A comment: every SSE client skips it. */
const HEARTBEAT = ': heartbeat\n\n';

/** The event stream of a `@Post` route, written by hand: committed late, kept alive, ended in one of two ways. */
export class EventStream {
  #commitTimer: NodeJS.Timeout | undefined;
  #heartbeatTimer: NodeJS.Timeout | undefined;

  /** @param beforeCommit sets the headers that depend on who answers */
  constructor(
    private readonly response: Response,
    private readonly beforeCommit: () => void,
  ) {}

  get isCommitted(): boolean {
    return this.response.headersSent;
  }

  /** Without content for `commitAfterMs` the status goes out early; from then on silence is filled. */
  start({ commitAfterMs, heartbeatMs }: { commitAfterMs: number; heartbeatMs: number }): void {
    this.#commitTimer = setTimeout(() => {
      this.write(HEARTBEAT);
    }, commitAfterMs);
    this.#heartbeatTimer = setInterval(() => this.#beat(), heartbeatMs);
  }

  write(frames: string): void {
    if (!this.isCommitted) this.#commit();
    this.response.write(frames);
    this.#heartbeatTimer?.refresh();
  }

  end(): void {
    this.stop();
    this.response.end();
  }

  /**
   * Ends so that no client can take it for success: the last frame, then the connection without
   * its final zero-length chunk. Ending the socket in the same turn would lose the frame.
   */
  cut(lastFrame: string): void {
    this.stop();
    const { response } = this;
    // A caller that does not read cannot be told; it can only be left.
    const giveUp = setTimeout(() => response.destroy(), LAST_FRAME_MS);
    // Node never calls back when the caller leaves in this very moment.
    response.once('close', () => clearTimeout(giveUp));
    response.write(lastFrame, () => {
      // Without chunks (HTTP/1.0) any end but a reset looks well.
      if (response.chunkedEncoding) response.socket?.destroySoon();
      else response.socket?.resetAndDestroy();
    });
  }

  stop(): void {
    clearTimeout(this.#commitTimer);
    clearInterval(this.#heartbeatTimer);
  }

  #commit(): void {
    clearTimeout(this.#commitTimer);
    this.beforeCommit();
    this.response.writeHead(200, EVENT_STREAM_HEADERS);
  }

  #beat(): void {
    // A caller that does not take what is there needs no more of it.
    if (this.isCommitted && !this.response.writableNeedDrain) this.response.write(HEARTBEAT);
  }
}
