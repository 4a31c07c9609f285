import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Window } from '../window.js';
import { type Count, givenAway } from './given-away.js';
import type { UsageStore } from './usage-store.js';

/** Most counts that are kept, about 20 MB. */
const MAX_COUNTS = 50_000;

/** With fewer it is not worth looking for those that are over. */
const FIRST_SWEEP = 1024;

/** Counts in this process; they begin anew with it. */
export class LocalStore implements UsageStore {
  /**
   * Without expiry of its own: it keeps a timer for each key, and a timer that is longer than 24
   * days, as a month is, fires at once.
   */
  readonly #counts = new RateLimiterMemory({ points: 0, duration: 0, keyPrefix: '' });
  /** By key; the one used longest ago is first. */
  readonly #kept = new Map<string, Count>();
  readonly #leases = new Map<string, Set<string>>();
  #sweepAt = FIRST_SWEEP;

  constructor(private readonly maxCounts = MAX_COUNTS) {}

  async add(window: Window, amount: number): Promise<number> {
    // Given back to a count that is gone it would be a gift to the next one.
    if (amount < 0 && !this.#kept.has(window.key)) return 0;
    this.#keep(window, (this.#kept.get(window.key)?.used ?? 0) + amount);
    const { consumedPoints } = await this.#counts.penalty(window.key, amount);
    return consumedPoints;
  }

  /** What is known of a window from elsewhere. */
  async set(window: Window, total: number): Promise<void> {
    this.#keep(window, total);
    await this.#counts.set(window.key, total, 0);
  }

  async total(window: Window): Promise<number> {
    return (await this.#counts.get(window.key))?.consumedPoints ?? 0;
  }

  /** Those that are not over. */
  get windows(): readonly Window[] {
    const now = Date.now();
    return [...this.#kept.values()]
      .map(({ window }) => window)
      .filter(({ endsAt }) => endsAt > now);
  }

  get size(): number {
    return this.#kept.size;
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

  #keep(window: Window, used: number): void {
    this.#kept.delete(window.key);
    // Before it is among them: it must not be the one to go.
    if (this.#kept.size + 1 >= Math.min(this.#sweepAt, this.maxCounts + 1)) this.#sweep();
    this.#kept.set(window.key, { window, used });
  }

  #sweep(): void {
    const now = Date.now();
    for (const { window } of this.#kept.values()) if (window.endsAt <= now) this.#forget(window);
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#kept.size);
    if (this.#kept.size < this.maxCounts) return;
    // A tenth at once: under an attack every request would look through all of them.
    const goal = Math.floor(0.9 * this.maxCounts);
    const given = givenAway(this.#kept.values(), this.#kept.size - goal);
    for (const { window } of given) this.#forget(window);
  }

  #forget({ key }: Window): void {
    this.#kept.delete(key);
    void this.#counts.delete(key);
  }
}
