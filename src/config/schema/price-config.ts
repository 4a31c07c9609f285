import { Optional } from '../rules/rule.js';
import { NonNegativeNumber } from '../rules/value-rules.js';

/** What a target's tokens cost, in USD per million. */
export class PriceConfig {
  @NonNegativeNumber()
  readonly input: number;

  /** Input that the upstream had in its cache. Absent: as other input. */
  @Optional()
  @NonNegativeNumber()
  readonly cachedInput?: number;

  /** Input that the upstream wrote to its cache. Absent: as other input. */
  @Optional()
  @NonNegativeNumber()
  readonly cacheWrite?: number;

  /** With what the model thought. */
  @NonNegativeNumber()
  readonly output: number;
}
