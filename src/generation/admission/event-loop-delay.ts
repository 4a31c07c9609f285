import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';

/** A turn is measured too long by this much at most. */
const EVERY_MS = 50;

const LONG_TURN_MS = 250;
const FOR_MS = 5000;

/**
 * Whether the event loop has been too slow for too long: every stream waits for its turn then.
 *
 * The time between two calls of an interval is the whole of a long turn. (The lateness of a call is
 * less, by the interval: 250 of 300 ms.) `monitorEventLoopDelay` measures the same, but only a timer
 * can read it, and right behind a long turn its histogram is still empty.
 */
export class EventLoopDelay implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  /** When the first of an unbroken row of long turns ended. */
  #longSince: number | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Every turn of `FOR_MS` was long. A single turn, however long, is no overload. */
  get isTooSlow(): boolean {
    return this.#longSince !== undefined && this.#lookedAt - this.#longSince >= FOR_MS;
  }

  onApplicationBootstrap(): void {
    this.#lookedAt = this.now();
    this.#timer = setInterval(() => this.#look(), EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    this.#longSince = undefined;
  }

  #look(): void {
    const now = this.now();
    const isLong = now - this.#lookedAt > LONG_TURN_MS;
    this.#lookedAt = now;
    if (isLong) this.#longSince ??= now;
    else this.#longSince = undefined;
  }
}
