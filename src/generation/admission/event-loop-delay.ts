import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';

/** A turn may be taken for longer than it was by as much. */
const EVERY_MS = 50;

const LONG_TURN_MS = 250;
const FOR_MS = 5000;

/**
 * Whether the event loop has been too slow for too long: everything that streams waits for its turn.
 *
 * An interval measures it: what passes between two of its calls is the whole of a long turn. (How
 * late a call was is less, by the interval: 250 of 300 ms.) `monitorEventLoopDelay` sees the same,
 * but takes a timer to be read, and right behind a long turn that finds nothing there yet.
 */
export class EventLoopDelay implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  /** When the first of an unbroken row of long turns ended. */
  #longSince: number | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Turn after turn has been too long; a single one, however long, is no overload. */
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
