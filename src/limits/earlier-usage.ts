import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { UsageLedger } from '../ledger/usage-ledger.js';
import type { UsageSum } from '../ledger/usage-store.js';
import { inCounts, nameOfCount } from './quota.js';
import type { LocalStore } from './store/local-store.js';
import { windowAt } from './window.js';

/** How often a ledger that could not be read is asked again. */
const RETRY_MS = 5000;

/** More callers than anybody has, each with more models. */
const MAX_SUMS = 1_000_000;

/**
 * Without Redis: what was used this day and this month before the process began, from the ledger.
 * Where that cannot be read yet, only what was used since counts, until it can.
 */
export class EarlierUsage implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('Limits');
  readonly #startedAt = Date.now();
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly ledger: UsageLedger,
    private readonly store: LocalStore,
  ) {}

  async onModuleInit(): Promise<void> {
    try {
      const [day, month] = await Promise.all([this.#sums('day'), this.#sums('month')]);
      // Both first: what is added cannot be added again.
      await this.#add('day', day);
      await this.#add('month', month);
      if (this.#retry) this.#logger.log('usage of before the start is known now');
    } catch {
      if (!this.#retry) this.#logger.warn('usage of before the start is not known yet');
      this.#retry = setTimeout(() => void this.onModuleInit(), RETRY_MS).unref();
    }
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#retry);
  }

  #sums(period: 'day' | 'month'): Promise<readonly UsageSum[]> {
    const [from, to] = [new Date(startOf(period, this.#startedAt)), new Date(this.#startedAt)];
    return this.ledger.sums({ from, to, by: ['caller', 'model'], limit: MAX_SUMS });
  }

  async #add(period: 'day' | 'month', sums: readonly UsageSum[]): Promise<void> {
    const add = (name: string, amount: number) =>
      this.store.add(windowAt(name, period, this.#startedAt), amount);
    for (const { caller = '', model = '', inputTokens, outputTokens, costUsd } of sums) {
      for (const scope of [
        { kind: 'caller', id: caller },
        { kind: 'model', id: model },
      ] as const) {
        await add(nameOfCount(scope, 'tokens', period), inputTokens + outputTokens);
        await add(nameOfCount(scope, 'usd', period), inCounts(costUsd));
      }
    }
  }
}

function startOf(period: 'day' | 'month', at: number): number {
  const date = new Date(at);
  const day = period === 'day' ? date.getUTCDate() : 1;
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), day);
}
