import { Section } from '../rules/nested.js';
import { Milliseconds, Integer } from '../rules/value-rules.js';

/** Requests that wait for room. */
export class QueueConfig {
  /** How many may wait; one more is refused at once. */
  @Integer(0)
  readonly size: number = 500;

  /** Longest wait, in milliseconds. */
  @Milliseconds()
  readonly maxWaitMs: number = 10_000;
}

/** How much this process takes on at once. */
export class LimitsConfig {
  /** Generations that run at once, plain ones included. */
  @Integer(1)
  readonly streams: number = 500;

  /** What happens to more than that. */
  @Section(() => QueueConfig)
  readonly queue: QueueConfig = new QueueConfig();
}

/** How much one backend is given at once. */
export class BackendLimitsConfig {
  /** Requests that run there at once, from this process. */
  @Integer(1)
  readonly streams: number;
}
