import { GatewayError } from '../../contract/gateway-error.js';
import type { Permit } from '../admission/permit.js';
import type { GenerationContext } from '../generation-context.js';
import type { GenerationLifetime } from '../generation-lifetime.js';
import type { GenerationRecorder } from '../generation-recorder.js';
import type { TargetHealth } from '../health/target-health.js';
import type { Candidate } from '../routing/candidates.js';
import type { Attempt } from './attempt.js';
import type { Attempts } from './attempts.js';
import { allowedByBreakers, eligible } from '../routing/eligible.js';
import { Failures } from './failures.js';
import { pause } from './pause.js';
import { retryDelayMs } from './retry-delay.js';

/** An attempt that has an answer to give. */
export interface Answered<T> {
  readonly attempt: Attempt;
  readonly answer: T;
}

/**
 * One request's way over its targets, until one of them has first content: a target that failed is
 * asked again where that may help, then the next one is asked that is well and has room.
 */
export class Failover {
  #remaining: readonly Candidate[];
  readonly #failures = new Failures();
  readonly #health: TargetHealth;
  readonly #lifetime: GenerationLifetime;
  readonly #recorder: GenerationRecorder;
  readonly #attempts: Attempts;

  constructor({ candidates, health, lifetime, recorder, attempts }: GenerationContext) {
    this.#remaining = candidates;
    this.#health = health;
    this.#lifetime = lifetime;
    this.#recorder = recorder;
    this.#attempts = attempts;
  }

  /**
   * @param permit at a backend of one of the candidates; it moves along with the request
   * @param ask resolves when the attempt's answer is there to be given
   * @throws GatewayError the failure that a later request escapes soonest, when nobody answered
   */
  async answer<T>(permit: Permit, ask: (attempt: Attempt) => Promise<T>): Promise<Answered<T>> {
    let candidate = this.#at(permit.backend) ?? (await this.#next(permit));
    for (;;) {
      const asked: Candidate = candidate;
      this.#remaining = this.#remaining.filter((other) => other !== asked);
      const answered = await this.#ask(asked, ask);
      if (answered) {
        this.#recorder.answeredBy(asked);
        return answered;
      }
      candidate = await this.#next(permit);
    }
  }

  #usable(): readonly Candidate[] {
    return this.#failures.hasAny
      ? allowedByBreakers(this.#remaining, this.#health)
      : eligible(this.#remaining, this.#health);
  }

  #at(backend: string): Candidate | undefined {
    return this.#usable().find((candidate) => candidate.backend.id === backend);
  }

  /** The candidate to ask next, with a permit at its backend. */
  async #next(permit: Permit): Promise<Candidate> {
    for (;;) {
      if (this.#usable().length === 0) throw this.#failures.finalError();
      try {
        const backends = () => this.#usable().map(({ backend }) => backend.id);
        await this.#recorder.waits.during('queue', permit.reassign(backends));
      } catch (error) {
        this.#lifetime.signal.throwIfAborted();
        // The loop says what becomes of a request that nobody is left for.
        if (this.#usable().length === 0) continue;
        throw this.#failures.earliestRetryable(GatewayError.from(error));
      }
      // The wait may have been long: another one at that backend may be the better choice by now.
      const candidate = this.#at(permit.backend);
      if (candidate) return candidate;
    }
  }

  async #ask<T>(
    candidate: Candidate,
    ask: (attempt: Attempt) => Promise<T>,
  ): Promise<Answered<T> | undefined> {
    const { breaker, retryBudget } = this.#health.of(candidate);
    retryBudget.countRequest();
    for (let retries = 0; ; retries += 1) {
      const isLast = allowedByBreakers(this.#remaining, this.#health).length === 0;
      const attempt = this.#attempts.begin(candidate, isLast);
      try {
        const answer = await ask(attempt);
        this.#attempts.answered(attempt);
        return { attempt, answer };
      } catch (error) {
        const failure = this.#attempts.endFailed(attempt, error);
        if (this.#lifetime.signal.aborted || !failure.mayFallBack) throw failure;
        this.#failures.add(failure);
        if (failure.fault === 'context_too_long') this.#leaveOutNotLargerThan(candidate);
        const { retry } = candidate.target;
        const delayMs = retryDelayMs(failure, retries, retry);
        if (delayMs === undefined || !breaker.allows(delayMs) || !retryBudget.tryAcquire()) {
          this.#failures.noMoreRetries(failure, delayMs !== undefined || retries > 0, retry);
          return undefined;
        }
        const { waits } = this.#recorder;
        await waits.during('backoff', pause(delayMs, this.#lifetime.signal));
        // Others may have found out meanwhile that the target is in trouble.
        if (!breaker.allows()) {
          this.#failures.noMoreRetries(failure, true, retry);
          return undefined;
        }
      }
    }
  }

  #leaveOutNotLargerThan({ target: { contextWindow } }: Candidate): void {
    if (contextWindow === undefined) return;
    this.#remaining = this.#remaining.filter(
      ({ target }) => target.contextWindow === undefined || target.contextWindow > contextWindow,
    );
  }
}
