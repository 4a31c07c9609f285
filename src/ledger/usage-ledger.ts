import type { UsageQuery, UsageStore, UsageSum } from './usage-store.js';

/** As the rows have them. */
const USD_DECIMALS = 12;

const NEVER = new Date('9999-01-01');

/** More callers than anybody has, each with more models. */
const MAX_SUMS = 1_000_000;

/** What one caller used of one model. */
export interface CallerUsage {
  readonly caller: string;
  readonly model: string;
  /** Input and output. */
  readonly tokens: number;
  readonly costUsd: number;
}

/** What was used, read back: what waits to be written is not in it. */
export class UsageLedger {
  constructor(private readonly store: UsageStore) {}

  /** @throws StoreError */
  async sums(query: UsageQuery): Promise<readonly UsageSum[]> {
    const sums = await this.store.sums(query);
    // What binary fractions add up to is not what anybody was billed.
    return sums.map((sum) => ({ ...sum, costUsd: Number(sum.costUsd.toFixed(USD_DECIMALS)) }));
  }

  /**
   * What every caller has used since, for whoever limits them and was not there.
   * @throws StoreError
   */
  async usageSince(from: Date): Promise<readonly CallerUsage[]> {
    const by = ['caller', 'model'] as const;
    const sums = await this.store.sums({ from, to: NEVER, by, limit: MAX_SUMS });
    return sums.map(({ caller = '', model = '', inputTokens, outputTokens, costUsd }) => ({
      caller,
      model,
      tokens: inputTokens + outputTokens,
      costUsd,
    }));
  }
}
