import { Optional } from '../rules/rule.js';
import { Milliseconds, MillisecondsOrNone, Fraction, Integer } from '../rules/value-rules.js';

/** The retries that may differ for one model or one target; what is left out is taken from above it. */
export class PartialRetryConfig {
  /** Further attempts on the same target; 0 is none. */
  @Optional()
  @Integer(0)
  readonly limit?: number;

  /** Longest first wait before another attempt, in milliseconds; the wait is drawn by lot from 0, and its limit doubles. */
  @Optional()
  @MillisecondsOrNone()
  readonly baseDelayMs?: number;

  /** Longest wait before another attempt, in milliseconds. */
  @Optional()
  @MillisecondsOrNone()
  readonly maxDelayMs?: number;

  /** Longest `Retry-After` that is waited out, in milliseconds; for a longer one the next target is asked. */
  @Optional()
  @MillisecondsOrNone()
  readonly maxRetryAfterMs?: number;
}

/** When a target that failed before its first content is asked again, before the next one is. */
export class RetryConfig extends PartialRetryConfig {
  override readonly limit: number = 1;
  override readonly baseDelayMs: number = 250;
  override readonly maxDelayMs: number = 4000;
  override readonly maxRetryAfterMs: number = 1000;
}

/** Bounds what retries and recoveries add to a target's load: an outage must not be tripled by its gateway. */
export class RetryBudgetConfig {
  static readonly formerKeys: Readonly<Record<string, string>> = {
    share: 'ratio',
    min: 'minRetries',
  };

  /** Retries and recoveries, as a share of the target's requests of the last 30 s. */
  @Fraction()
  readonly ratio: number = 0.2;

  /** So many within those 30 s are allowed at any rate. */
  @Integer(0)
  readonly minRetries: number = 10;
}

/** When a target is left alone for a while because it keeps failing. */
export class BreakerConfig {
  /** At least so many attempts in the window must have failed, … */
  @Integer(1)
  readonly failures: number = 5;

  /** … and at least this share of them. */
  @Fraction()
  readonly ratio: number = 0.5;

  /** Length of the window, in milliseconds. */
  @Milliseconds()
  readonly windowMs: number = 30_000;

  /** How long it is left alone before one request probes it, in milliseconds. */
  @Milliseconds()
  readonly cooldownMs: number = 10_000;
}
