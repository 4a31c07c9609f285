/** What one caller, or all callers of one model together, may use. Absent: as much as there is. */
export interface UsageLimits {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  /** Of a day in UTC. */
  readonly tokensPerDay?: number | undefined;
  /** Generations at once, plain ones included. */
  readonly concurrentStreams?: number | undefined;
  /** USD per day and per month, in UTC. */
  readonly budgetUsd?:
    { readonly perDay?: number | undefined; readonly perMonth?: number | undefined } | undefined;
}

/** Who asks, and what it may: made once from its key or its token, read by all that its requests meet. */
export interface Caller {
  /** Id of its key, its token's claim, or `anonymous`: for the log, the ledger, and what is kept of it. */
  readonly id: string;
  /** What metrics call it: its id where the configuration names it, else one of a bounded set. */
  readonly label: string;
  readonly isAdmin: boolean;
  /** Whether it may ask for a model, by its public name. */
  readonly mayUse: (model: string) => boolean;
  /** Whether there may be a model that it may not ask for. */
  readonly isLimitedToModels: boolean;
  /** Its model when it names none; absent: the configuration's. */
  readonly defaultModel?: string | undefined;
  /** `false` keeps its requests on their first target. */
  readonly fallback: boolean;
  /** Which of two waiters goes first. */
  readonly priority: 'interactive' | 'batch';
  /** The most that it may let a model write; sent where it asks for no limit. */
  readonly maxOutputTokens?: number | undefined;
  readonly limits: UsageLimits;
}

/** Whoever calls in open mode. */
export const ANONYMOUS: Caller = {
  id: 'anonymous',
  label: 'anonymous',
  isAdmin: false,
  mayUse: () => true,
  isLimitedToModels: false,
  fallback: true,
  priority: 'interactive',
  limits: {},
};
