import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Window } from '../window.js';
import type { UsageStore } from './usage-store.js';

/**
 * Most counts that are kept, about 20 MB: callers in open mode are addresses, and an attacker has as
 * many as it likes. Beyond it those go first that are over within a minute, then those used longest ago.
 */
const MAX_COUNTS = 50_000;

/** With fewer it is not worth looking for those that are over. */
const FIRST_SWEEP = 1024;

const MINUTE_MS = 60_000;

/** Counts in this process; they begin anew with it. */
export class LocalStore implements UsageStore {
  /**
   * Without expiry of its own: it keeps a timer for each key, and a timer that is longer than 24
   * days, as a month is, fires at once.
   */
  readonly #counts = new RateLimiterMemory({ points: 0, duration: 0, keyPrefix: '' });
  /** The windows that are counted, by key; the one used longest ago is first. */
  readonly #windows = new Map<string, Window>();
  readonly #leases = new Map<string, Set<string>>();
  #sweepAt = FIRST_SWEEP;

  constructor(private readonly maxCounts = MAX_COUNTS) {}

  async add(window: Window, amount: number): Promise<number> {
    // Given back to a count that is gone it would be a gift to the next one.
    if (amount < 0 && !this.#windows.has(window.key)) return 0;
    this.#touch(window);
    const { consumedPoints } = await this.#counts.penalty(window.key, amount);
    return consumedPoints;
  }

  /** What is known of a window from elsewhere. */
  async set(window: Window, total: number): Promise<void> {
    this.#touch(window);
    await this.#counts.set(window.key, total, 0);
  }

  async total(window: Window): Promise<number> {
    return (await this.#counts.get(window.key))?.consumedPoints ?? 0;
  }

  /** Those that are not over. */
  get windows(): readonly Window[] {
    const now = Date.now();
    return [...this.#windows.values()].filter(({ endsAt }) => endsAt > now);
  }

  get size(): number {
    return this.#windows.size;
  }

  acquire(name: string, lease: string, limit: number): Promise<boolean> {
    const isFree = (this.#leases.get(name)?.size ?? 0) < limit;
    if (isFree) this.hold(name, lease);
    return Promise.resolve(isFree);
  }

  /** Counts one that somebody else found room for. */
  hold(name: string, lease: string): void {
    const held = this.#leases.get(name);
    if (held) held.add(lease);
    else this.#leases.set(name, new Set([lease]));
  }

  release(name: string, lease: string): Promise<void> {
    const held = this.#leases.get(name);
    held?.delete(lease);
    if (held?.size === 0) this.#leases.delete(name);
    return Promise.resolve();
  }

  holds(name: string, lease: string): boolean {
    return this.#leases.get(name)?.has(lease) ?? false;
  }

  /** All that run, by what they count for. */
  get leases(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#leases;
  }

  #touch(window: Window): void {
    this.#windows.delete(window.key);
    this.#windows.set(window.key, window);
    if (this.#windows.size < Math.min(this.#sweepAt, this.maxCounts + 1)) return;
    const now = Date.now();
    for (const { key, endsAt } of this.#windows.values()) if (endsAt <= now) this.#forget(key);
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#windows.size);
    // A tenth at once: under an attack every request would look through all of them.
    const kept = this.#windows.size > this.maxCounts ? 0.9 * this.maxCounts : this.maxCounts;
    // What is forgotten of a minute costs least.
    const [short, long] = [true, false].map((isShort) =>
      [...this.#windows.values()].filter(({ endsAt }) => endsAt - now <= MINUTE_MS === isShort),
    );
    for (const { key } of [...short!, ...long!]) {
      if (this.#windows.size <= kept) return;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#windows.delete(key);
    void this.#counts.delete(key);
  }
}
