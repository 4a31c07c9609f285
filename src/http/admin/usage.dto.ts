import type { UsageGroup } from '../../ledger/usage-store.js';

class UsageRow {
  /** With `by=caller`. */
  caller?: string | undefined;
  /** With `by=model`. */
  model?: string | undefined;
  /** With `by=day`, in UTC. */
  day?: string | undefined;
  /** Generations that ended. */
  requests: number;
  inputTokens: number;
  outputTokens: number;
  /** Part of the input. */
  cachedInputTokens: number;
  /** Part of the output. */
  reasoningTokens: number;
  costUsd: number;
  /** Requests of which nothing is in `costUsd`: their targets have no price, or nothing is known of them. */
  requestsWithoutCost: number;
}

/** What was used. */
export class UsageReport {
  /** The first moment that counts. */
  from: string;
  /** The first that does not. */
  to: string;
  by: UsageGroup[];
  rows: UsageRow[];
  /** There is more than fits: ask for less time, or by less. */
  truncated?: true;
}
