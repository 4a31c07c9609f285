import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';

/** A turn is measured too long by this much at most. */
const EVERY_MS = 50;

/** By how much a call may be late on an idle machine. */
const MAX_IDLE_LATE_MS = 15;

const LONG_TURN_MS = 250;
const FOR_MS = 5000;

/**
 * Whether the event loop has been too slow for too long: every stream waits for its turn then. And
 * since when it is late: what a stream waited for may have come meanwhile.
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
  /** Since when the loop was late, in the turn that makes up for it. */
  #lateSince: number | undefined;
  #endOfTurn: NodeJS.Immediate | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Every turn of `FOR_MS` was long. A single turn, however long, is no overload. */
  get isTooSlow(): boolean {
    return this.#longSince !== undefined && this.#lookedAt - this.#longSince >= FOR_MS;
  }

  /**
   * Until when the loop is known to have been free, for work that is done at `now`: `now` itself,
   * unless other work kept it busy.
   */
  freeUntil(now: number): number {
    if (this.#timer === undefined) return now;
    const dueAt = this.#lookedAt + EVERY_MS;
    return now > dueAt + MAX_IDLE_LATE_MS ? dueAt : (this.#lateSince ?? now);
  }

  onApplicationBootstrap(): void {
    this.#lookedAt = this.now();
    this.#timer = setInterval(() => this.#look(), EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#endOfTurn);
    this.#timer = undefined;
    this.#longSince = undefined;
  }

  #look(): void {
    const now = this.now();
    const dueAt = this.#lookedAt + EVERY_MS;
    const isLong = now - this.#lookedAt > LONG_TURN_MS;
    this.#lookedAt = now;
    if (now > dueAt + MAX_IDLE_LATE_MS) this.#madeUpFor(dueAt);
    if (isLong) this.#longSince ??= now;
    else this.#longSince = undefined;
  }

  /** Timers come first in a turn: sockets that were kept waiting follow in the same one. */
  #madeUpFor(dueAt: number): void {
    this.#lateSince = dueAt;
    this.#endOfTurn = setImmediate(() => (this.#lateSince = undefined));
  }
}
