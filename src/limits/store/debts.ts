import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { isOfOneCommand, reasonOf } from '../../redis/reply-errors.js';
import type { Window } from '../window.js';
import type { LocalStore } from './local-store.js';
import { CATCH_UP, redisKey } from './lua.js';

/** How many counts are told in one go. */
const BATCH = 200;

/** With fewer it is not worth looking for those that are over. */
const FIRST_SWEEP = 1024;

/** What was counted here while Redis was away, and has to be told to it. */
export class Debts {
  readonly #logger = new Logger('Limits');
  readonly #owed = new Map<string, { readonly window: Window; amount: number }>();

  #sweepAt = FIRST_SWEEP;

  constructor(private readonly local: LocalStore) {}

  get size(): number {
    return this.#owed.size;
  }

  owe(window: Window, amount: number): void {
    const owed = this.#owed.get(window.key);
    if (owed) owed.amount += amount;
    // Negative alone: what came late after all, and was paid meanwhile.
    else this.#owed.set(window.key, { window, amount });
    if (this.#owed.size >= this.#sweepAt) this.#forgetOver();
  }

  /**
   * Brings every count that Redis may lack up to what is known of it: one that restarted without its
   * data knows nothing of this day any more. With each the larger of two totals holds, so several
   * replicas may do so. A count that Redis refuses is given up: it would keep all others away.
   */
  async pay(redis: Redis): Promise<void> {
    for (const window of this.local.windows) if (!this.#owed.has(window.key)) this.owe(window, 0);
    const refusals = new Map<string, number>();
    while (this.#owed.size > 0) {
      const batch = [...this.#owed.values()].slice(0, BATCH);
      for (const { window } of batch) this.#owed.delete(window.key);
      const refused = await Promise.all(batch.map((owed) => this.#payOne(redis, owed)));
      for (const reason of refused) {
        if (reason !== undefined) refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
      }
    }
    for (const [reason, counts] of refusals) {
      this.#logger.warn('Redis refuses counts: they stay in this process', { reason, counts });
    }
  }

  /** While Redis is away for long minutes add up. */
  #forgetOver(): void {
    const now = Date.now();
    for (const { window } of this.#owed.values()) {
      if (window.endsAt <= now) this.#owed.delete(window.key);
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#owed.size);
  }

  /** @returns why Redis refuses it */
  async #payOne(
    redis: Redis,
    owed: { window: Window; amount: number },
  ): Promise<string | undefined> {
    const { window, amount } = owed;
    const msLeft = window.endsAt - Date.now();
    if (msLeft <= 0) return undefined;
    const known = Math.max(0, (await this.local.total(window)) - amount);
    const seconds = Math.ceil(msLeft / 1000) + 60;
    try {
      const key = redisKey(window.key);
      await redis.eval(CATCH_UP, 2, key, `${key}:known`, known, amount, seconds);
      return undefined;
    } catch (error) {
      if (isOfOneCommand(error)) return reasonOf(error);
      this.owe(window, amount);
      throw error;
    }
  }
}
