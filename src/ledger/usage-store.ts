import type { UsageRow } from './usage-row.js';

/** By what sums are told apart. */
export const USAGE_GROUPS = ['caller', 'model', 'day'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** The generations that ended from `from` on and before `to`. */
export interface UsageQuery {
  readonly from: Date;
  readonly to: Date;
  readonly by: readonly UsageGroup[];
  /** How many sums to return at most. */
  readonly limit: number;
}

export interface UsageSum {
  readonly caller?: string | undefined;
  readonly model?: string | undefined;
  /** In UTC, as `2026-11-26`. */
  readonly day?: string | undefined;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly reasoningTokens: number;
  readonly costUsd: number;
  /** How many of the requests `costUsd` has nothing of. */
  readonly requestsWithoutCost: number;
}

/** Where rows are kept. Every wait has an end; what fails throws `StoreError`, and may be tried again. */
export interface UsageStore {
  /** Writes those that are not there yet. Its outcome may be unknown when it throws. */
  insert(rows: readonly UsageRow[]): Promise<void>;
  sums(query: UsageQuery): Promise<readonly UsageSum[]>;
  close(): Promise<void>;
}

/** Why a store did not do what it was asked; no word of a database, which may quote what it was sent. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  /**
   * @param code of the database or the network, for the log
   * @param isRefused these rows will never be taken
   */
  constructor(
    readonly code: string,
    readonly isRefused = false,
  ) {
    super(`The usage ledger's store failed: ${code}.`);
  }
}
