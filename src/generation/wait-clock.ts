import type { Wait, WaitedFor, WaitedMs, Waits } from '../contract/waits.js';
import type { EventLoopDelay } from './event-loop-delay.js';

/** How many waits are kept one by one. */
const MAX_KEPT = 32;

/** Shorter ones are not kept: a fast model has thousands of them. */
const MIN_KEPT_MS = 1;

const NO_BACKEND = 'none';

type Totals = { -readonly [on in WaitedFor]: number };

/**
 * Splits the time of one generation by whom it waits for, without gaps or overlaps: it always waits
 * for exactly one, and whoever begins to wait for another says so.
 *
 * A wait ends in some turn of the event loop. What was waited for may have come before, while other
 * work kept the loop from looking: from when the loop was last free that time is Sluice's own.
 */
export class WaitClock implements Waits {
  /** Whose the time is that passes now. */
  #on: WaitedFor = 'sluice';
  #sinceMs = 0;
  /** The wait that goes on, also while it is interrupted. */
  #waitOn: WaitedFor = 'sluice';
  #waitAtMs = 0;
  #waitMs = 0;
  /** The wait that the end came into. */
  #last: Wait | undefined;
  readonly #byBackend = new Map<string, Totals>();
  #totals = this.#totalsOf(NO_BACKEND);
  readonly #kept: Wait[] = [];

  /**
   * @param startedAt of the generation, by `performance.now()`
   * @param stallMs a single wait that is longer is a stall
   * @param onStall told of each when it is over
   */
  constructor(
    private readonly startedAt: number,
    private readonly stallMs: number,
    private readonly eventLoop: Pick<EventLoopDelay, 'freeUntil'>,
    private readonly onStall: (wait: Wait) => void,
  ) {}

  get current(): Wait {
    if (this.#last) return this.#last;
    const nowMs = performance.now() - this.startedAt;
    return { on: this.#waitOn, atMs: this.#waitAtMs, ms: nowMs - this.#waitAtMs };
  }

  get ms(): WaitedMs {
    const sum = noTotals();
    for (const totals of this.#byBackend.values()) {
      for (const on of Object.keys(sum) as WaitedFor[]) sum[on] += totals[on];
    }
    if (!this.#last) sum[this.#on] += performance.now() - this.startedAt - this.#sinceMs;
    return sum;
  }

  get msByBackend(): ReadonlyMap<string, WaitedMs> {
    return this.#byBackend;
  }

  get longest(): readonly Wait[] {
    return this.#kept.toSorted((one, other) => one.atMs - other.atMs);
  }

  /** From `now` on it waits for another. */
  begin(on: WaitedFor, now = performance.now()): void {
    if (this.#last) return;
    const endMs = this.#endMs(now);
    const nowMs = now - this.startedAt;
    if (endMs < nowMs) this.#turnTo('sluice', endMs);
    this.#turnTo(on, nowMs);
  }

  /**
   * Something came that was not waited for, such as a ping: the wait goes on when `begin` says the
   * same again.
   */
  interrupt(now: number): void {
    if (this.#last) return;
    this.#count(this.#endMs(now));
    this.#on = 'sluice';
  }

  /** Waits for `settled`. */
  async during<T>(on: WaitedFor, settled: Promise<T>): Promise<T> {
    this.begin(on);
    try {
      return await settled;
    } finally {
      this.begin('sluice');
    }
  }

  /** From here on `backend` is the one that is asked. */
  attemptBegan(backend: string): void {
    const now = performance.now();
    // What Sluice did before was not for it.
    this.begin('sluice', now);
    this.#totals = this.#totalsOf(backend);
    this.begin('connect', now);
  }

  /** The generation has ended: nothing is waited for any more. */
  stop(now: number): void {
    if (this.#last) return;
    const last = this.current;
    this.begin('sluice', now);
    this.#endWait();
    this.#last = last;
  }

  /** When that ended which goes on. */
  #endMs(now: number): number {
    const nowMs = now - this.startedAt;
    if (this.#on === 'sluice') return nowMs;
    const freeMs = this.eventLoop.freeUntil(now) - this.startedAt;
    return freeMs < nowMs ? Math.max(freeMs, this.#sinceMs) : nowMs;
  }

  #turnTo(on: WaitedFor, atMs: number): void {
    this.#count(atMs);
    this.#on = on;
    if (on === this.#waitOn) return;
    this.#endWait();
    this.#waitOn = on;
    this.#waitAtMs = atMs;
    this.#waitMs = 0;
  }

  #count(untilMs: number): void {
    const on = this.#on;
    const ms = untilMs - this.#sinceMs;
    const totals = on === 'queue' ? this.#totalsOf(NO_BACKEND) : this.#totals;
    totals[on] += ms;
    if (on === this.#waitOn) this.#waitMs += ms;
    this.#sinceMs = untilMs;
  }

  #endWait(): void {
    const ms = this.#waitMs;
    if (ms < MIN_KEPT_MS) return;
    const wait = { on: this.#waitOn, atMs: this.#waitAtMs, ms };
    this.#keep(wait);
    if (ms >= this.stallMs) this.onStall(wait);
  }

  #keep(wait: Wait): void {
    const kept = this.#kept;
    if (kept.length < MAX_KEPT) {
      kept.push(wait);
      return;
    }
    let shortest = 0;
    for (let n = 1; n < MAX_KEPT; n += 1) if (kept[n]!.ms < kept[shortest]!.ms) shortest = n;
    if (wait.ms > kept[shortest]!.ms) kept[shortest] = wait;
  }

  #totalsOf(backend: string): Totals {
    const known = this.#byBackend.get(backend);
    if (known) return known;
    const totals = noTotals();
    this.#byBackend.set(backend, totals);
    return totals;
  }
}

function noTotals(): Totals {
  return { queue: 0, backoff: 0, connect: 0, first_content: 0, upstream: 0, caller: 0, sluice: 0 };
}
