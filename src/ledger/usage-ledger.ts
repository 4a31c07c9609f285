import { StoreError, type UsageQuery, type UsageStore, type UsageSum } from './usage-store.js';

/** As the rows have them. */
const USD_DECIMALS = 12;

const NEVER = new Date('9999-01-01');

/** More callers than anybody has, each with more models. */
const MAX_SUMS = 1_000_000;

/** Sums that are being made at once: each may take a database's whole attention. */
const MAX_QUERIES = 4;

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
  #queries = 0;

  constructor(private readonly store: UsageStore) {}

  /** @throws StoreError also where others are asking already */
  async sums(query: UsageQuery): Promise<readonly UsageSum[]> {
    if (this.#queries >= MAX_QUERIES) throw new StoreError('too many queries at once');
    this.#queries += 1;
    const sums = await this.store.sums(query).finally(() => (this.#queries -= 1));
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
