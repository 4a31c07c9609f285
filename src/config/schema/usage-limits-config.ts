import { Section } from '../rules/nested.js';
import { Optional } from '../rules/rule.js';
import { Integer, PositiveNumber } from '../rules/value-rules.js';

/** What may be spent, in USD; days and months are UTC's. */
export class BudgetConfig {
  @Optional()
  @PositiveNumber()
  readonly perDay?: number;

  @Optional()
  @PositiveNumber()
  readonly perMonth?: number;
}

/** What one caller, or all callers of one model together, may use; what is absent is not limited. */
export class UsageLimitsConfig {
  @Optional()
  @Integer(1)
  readonly requestsPerMinute?: number;

  /** Input and output together. */
  @Optional()
  @Integer(1)
  readonly tokensPerMinute?: number;

  /** The same for a day in UTC. */
  @Optional()
  @Integer(1)
  readonly tokensPerDay?: number;

  /** Generations at once, plain ones included. */
  @Optional()
  @Integer(1)
  readonly concurrentStreams?: number;

  @Optional()
  @Section(() => BudgetConfig)
  readonly budgetUsd?: BudgetConfig;
}
