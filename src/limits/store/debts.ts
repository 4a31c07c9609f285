import type { Redis } from 'ioredis';
import { isOfItsCommand } from '../../redis/redis-link.js';
import type { Window } from '../window.js';
import type { LocalStore } from './local-store.js';
import { CATCH_UP, redisKey } from './lua.js';

/** How many counts are told in one go. */
const BATCH = 200;

/** What was counted here while Redis was away, and has to be told to it. */
export class Debts {
  #owed = new Map<string, { readonly window: Window; amount: number }>();

  constructor(private readonly local: LocalStore) {}

  owe(window: Window, amount: number): void {
    const owed = this.#owed.get(window.key);
    if (owed) owed.amount += amount;
    // Negative alone: what came late after all, and was paid meanwhile.
    else this.#owed.set(window.key, { window, amount });
  }

  /**
   * Brings every count that Redis may lack up to what is known of it: one that restarted without its
   * data knows nothing of this day any more. With each the larger of two totals holds, so several
   * replicas may do so.
   */
  async pay(redis: Redis): Promise<void> {
    for (const window of this.local.windows) if (!this.#owed.has(window.key)) this.owe(window, 0);
    while (this.#owed.size > 0) {
      const batch = [...this.#owed.values()].slice(0, BATCH);
      for (const { window } of batch) this.#owed.delete(window.key);
      await Promise.all(batch.map((owed) => this.#payOne(redis, owed)));
    }
  }

  async #payOne(redis: Redis, owed: { window: Window; amount: number }): Promise<void> {
    const { window, amount } = owed;
    const msLeft = window.endsAt - Date.now();
    if (msLeft <= 0) return;
    const known = Math.max(0, (await this.local.total(window)) - amount);
    const seconds = Math.ceil(msLeft / 1000) + 60;
    try {
      const key = redisKey(window.key);
      await redis.eval(CATCH_UP, 2, key, `${key}:known`, known, amount, seconds);
    } catch (error) {
      // A count that is none to Redis: owed for ever it would keep all others away.
      if (isOfItsCommand(error)) return;
      this.owe(window, amount);
      throw error;
    }
  }
}
