import type { GatewayError } from '../../contract/gateway-error.js';
import type { RetrySettings } from './retry-delay.js';

/** How the attempts of one request failed, and what its caller is told when nobody is left. */
export class Failures {
  readonly #all: GatewayError[] = [];
  /** Those of which a client's own retry within seconds would be one more. */
  readonly #inVain = new Set<GatewayError>();

  get hasAny(): boolean {
    return this.#all.length > 0;
  }

  add(failure: GatewayError): void {
    this.#all.push(failure);
  }

  /**
   * Its target is not asked again.
   * @param isSpent it was, or would have been but for its breaker or the budget
   */
  noMoreRetries(failure: GatewayError, isSpent: boolean, { maxRetryAfterMs }: RetrySettings): void {
    const { fault, status, retryAfterMs = 0, mayRetry } = failure;
    // Clients wait a limit of rate out, and a time that was too long for us.
    if (fault === 'rate_limited' || status < 500 || retryAfterMs > maxRetryAfterMs) return;
    // What we do not retry ourselves they need not either.
    if (isSpent || !mayRetry) this.#inVain.add(failure);
  }

  /** The failure that a later request escapes soonest. @param refusals that were no attempts */
  earliestRetryable(...refusals: readonly GatewayError[]): GatewayError {
    return [...this.#all, ...refusals].reduce((best, next) =>
      msUntilRetryable(next) <= msUntilRetryable(best) ? next : best,
    );
  }

  /** The same, when every target was asked: it says whether a client's own retry would be in vain. */
  finalError(): GatewayError {
    const failure = this.earliestRetryable();
    const areSeveralDown = this.#all.filter(isDown).length > 1;
    const isOneOfSeveral = areSeveralDown && isDown(failure) && failure.retryAfterMs === undefined;
    return this.#inVain.has(failure) || isOneOfSeveral ? failure.withoutClientRetry() : failure;
  }
}

function isDown({ status, mayRetry }: GatewayError): boolean {
  return status >= 500 && mayRetry;
}

function msUntilRetryable({ retryable, callerWaitMs }: GatewayError): number {
  return retryable ? (callerWaitMs ?? Infinity) : Infinity;
}
