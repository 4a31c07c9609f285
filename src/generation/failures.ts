import type { GatewayError } from '../contract/gateway-error.js';
import type { RepeatSettings } from './repeat.js';

/** How the attempts of one request failed, and what its caller is told when nobody is left. */
export class Failures {
  readonly #all: GatewayError[] = [];
  /** Those of which a client's own repeat within seconds would be one more. */
  readonly #inVain = new Set<GatewayError>();

  get areSome(): boolean {
    return this.#all.length > 0;
  }

  add(failure: GatewayError): void {
    this.#all.push(failure);
  }

  /**
   * Its target is not asked again.
   * @param isSpent it was, or would have been but for its breaker or the budget
   */
  givenUp(failure: GatewayError, isSpent: boolean, { maxRetryAfterMs }: RepeatSettings): void {
    const { fault, status, retryAfterMs = 0, mayRepeat } = failure;
    // Clients wait a limit of rate out, and a time that was too long for us.
    if (fault === 'rate_limited' || status < 500 || retryAfterMs > maxRetryAfterMs) return;
    // What we do not repeat by ourselves they need not either.
    if (isSpent || !mayRepeat) this.#inVain.add(failure);
  }

  /** The failure that a later request escapes soonest. @param refusals that were no attempts */
  soonestCured(...refusals: readonly GatewayError[]): GatewayError {
    return [...this.#all, ...refusals].reduce((best, next) =>
      cureMs(next) <= cureMs(best) ? next : best,
    );
  }

  /** The same, when every target was asked: it says whether a client's own repeat would be in vain. */
  lastWord(): GatewayError {
    const failure = this.soonestCured();
    const areSeveralDown = this.#all.filter(isDown).length > 1;
    const isOneOfSeveral = areSeveralDown && isDown(failure) && failure.retryAfterMs === undefined;
    return this.#inVain.has(failure) || isOneOfSeveral ? failure.usedUp() : failure;
  }
}

function isDown({ status, mayRepeat }: GatewayError): boolean {
  return status >= 500 && mayRepeat;
}

function cureMs({ retryable, retryAfterMs }: GatewayError): number {
  return retryable ? (retryAfterMs ?? 1000) : Infinity;
}
