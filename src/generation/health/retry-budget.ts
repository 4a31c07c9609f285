import type { RetryBudgetConfig } from '../../config/schema/retry-config.js';
import { SlidingWindowCounter } from './sliding-window-counter.js';

const WINDOW_MS = 30_000;

/** Bounds what retries and recoveries add to a target's load: an outage must not be tripled by its gateway. */
export class RetryBudget {
  readonly #requests: SlidingWindowCounter;
  readonly #retries: SlidingWindowCounter;

  constructor(
    private readonly settings: RetryBudgetConfig,
    now = () => performance.now(),
  ) {
    this.#requests = new SlidingWindowCounter(WINDOW_MS, now);
    this.#retries = new SlidingWindowCounter(WINDOW_MS, now);
  }

  /** A request that is asked for anyway. */
  countRequest(): void {
    this.#requests.add();
  }

  /** Whether one more may be added; if so it counts. */
  tryAcquire(): boolean {
    const { ratio, minRetries } = this.settings;
    if (this.#retries.total >= Math.max(minRetries, ratio * this.#requests.total)) return false;
    this.#retries.add();
    return true;
  }
}
