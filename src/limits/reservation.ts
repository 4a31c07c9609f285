import type { GenerationRecord } from '../contract/generation.js';
import { type Estimate, usedBy } from './estimate.js';
import { amountOf, type Charged } from './quota.js';
import type { UsageStore } from './store/usage-store.js';
import { windowAt } from './window.js';

/** Room among the streams that may run at once. */
export interface Lease {
  readonly name: string;
  readonly id: string;
}

/** What a request has taken of its limits. It is settled or released once, whatever comes of the request. */
export class Reservation {
  #isOver = false;

  constructor(
    private readonly store: UsageStore,
    private readonly charged: readonly Charged[],
    private readonly leases: readonly Lease[],
    private readonly estimated: Estimate,
  ) {}

  /** Its generation has ended: what that used counts in place of what was reserved. */
  settle(record: GenerationRecord): void {
    // It never got to an upstream, and its caller waited for it: no limit of its own refused it.
    if (record.attemptsBegun === 0 && record.endReason !== 'client_closed') return this.release();
    if (!this.#end()) return;
    const used = usedBy(record, this.estimated);
    for (const each of this.charged) this.#correct(each, amountOf(each.quota, used));
  }

  /** The request came to nothing: it counts for nothing. */
  release(): void {
    if (!this.#end()) return;
    for (const each of this.charged) this.#correct(each, 0);
  }

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    for (const { name, id } of this.leases) void this.store.release(name, id);
    return true;
  }

  /**
   * What was reserved too much goes back to the window that it came from, while that lasts: in the
   * next one it would be a gift. What was used beyond it counts where it became known.
   */
  #correct({ quota: { name, period }, window, amount }: Charged, used: number): void {
    const now = Date.now();
    if (used < amount && window.endsAt > now) void this.store.add(window, used - amount);
    if (used > amount) void this.store.add(windowAt(name, period, now), used - amount);
  }
}
