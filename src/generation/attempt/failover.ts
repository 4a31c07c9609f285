import { GatewayError } from '../../contract/gateway-error.js';
import type { Permit } from '../admission/permit.js';
import { Attempt } from './attempt.js';
import type { Candidate } from '../routing/candidates.js';
import { Failures } from './failures.js';
import type { GenerationRecorder } from '../generation-recorder.js';
import type { GenerationLifetime } from '../generation-lifetime.js';
import { pause } from './pause.js';
import { retryDelayMs } from './retry-delay.js';
import type { Health, TargetHealth } from '../health/target-health.js';

/** A candidate's attempt that has an answer to give. */
export interface Answered<T> {
  readonly candidate: Candidate;
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

  constructor(
    readonly candidates: readonly Candidate[],
    private readonly health: TargetHealth,
    readonly recorder: GenerationRecorder,
    readonly lifetime: GenerationLifetime,
    private readonly flow: string,
  ) {
    this.#remaining = candidates;
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
        const { target, ignored } = asked;
        this.recorder.target = { backend: target.backend, model: target.model };
        this.recorder.ignored = ignored;
        return answered;
      }
      candidate = await this.#next(permit);
    }
  }

  /**
   * Waits for room elsewhere.
   * @throws GatewayError the failure that a later request escapes soonest, when there was none
   */
  async reassign(permit: Permit, backends: () => readonly string[]): Promise<void> {
    try {
      await permit.reassign(backends);
    } catch (error) {
      this.lifetime.signal.throwIfAborted();
      throw this.#failures.earliestRetryable(GatewayError.from(error));
    } finally {
      if (permit.waitedMs !== undefined) this.recorder.queuedMs = permit.waitedMs;
    }
  }

  /**
   * An attempt at `candidate`, which its breaker is told of.
   * @param isLast nobody else may be asked when it stays silent
   */
  begin({ target, backend }: Candidate, isLast: boolean): Attempt {
    const call = this.health.of(target).breaker.track(this.flow);
    return new Attempt(backend, target, this.lifetime.signal, call, this.recorder, isLast);
  }

  /** Takes note of how an attempt failed, and says what its failure is for the caller. */
  failed(attempt: Attempt, error: unknown): GatewayError {
    attempt.abandon();
    if (this.lifetime.error) {
      this.cancelled(attempt);
      return this.lifetime.error;
    }
    const failure = GatewayError.from(error);
    attempt.breakerCall.failed(failure);
    this.recorder.attemptEnded(attempt.record(failure.fault, failure));
    return failure;
  }

  /** Takes note of an attempt that was given up for no fault of its target's. */
  cancelled(attempt: Attempt): void {
    attempt.breakerCall.cancelled();
    this.recorder.attemptEnded(attempt.record('cancelled'));
  }

  healthOf({ target }: Candidate): Health {
    return this.health.of(target);
  }

  #usable(): readonly Candidate[] {
    return this.#failures.areSome
      ? allowed(this.#remaining, this.health)
      : eligible(this.#remaining, this.health);
  }

  #at(backend: string): Candidate | undefined {
    return this.#usable().find((candidate) => candidate.backend.id === backend);
  }

  /** The candidate to ask next, with a permit at its backend. */
  async #next(permit: Permit): Promise<Candidate> {
    for (;;) {
      if (this.#usable().length === 0) throw this.#failures.lastWord();
      await this.reassign(permit, () => this.#usable().map(({ backend }) => backend.id));
      // The wait may have been long: another one at that backend may be the better choice by now.
      const candidate = this.#at(permit.backend);
      if (candidate) return candidate;
    }
  }

  #leaveOutNotLargerThan({ target: { contextWindow } }: Candidate): void {
    if (contextWindow === undefined) return;
    this.#remaining = this.#remaining.filter(
      ({ target }) => target.contextWindow === undefined || target.contextWindow > contextWindow,
    );
  }

  async #ask<T>(
    candidate: Candidate,
    ask: (attempt: Attempt) => Promise<T>,
  ): Promise<Answered<T> | undefined> {
    const { breaker, retryBudget } = this.healthOf(candidate);
    retryBudget.countRequest();
    for (let retries = 0; ; retries += 1) {
      const isLast = allowed(this.#remaining, this.health).length === 0;
      const attempt = this.begin(candidate, isLast);
      try {
        const answer = await ask(attempt);
        attempt.breakerCall.answered();
        return { candidate, attempt, answer };
      } catch (error) {
        const failure = this.failed(attempt, error);
        if (this.lifetime.signal.aborted || !failure.mayFallBack) throw failure;
        this.#failures.add(failure);
        if (failure.fault === 'context_too_long') this.#leaveOutNotLargerThan(candidate);
        const { retry } = candidate.target;
        const delayMs = retryDelayMs(failure, retries, retry);
        if (delayMs === undefined || !breaker.allows(delayMs) || !retryBudget.tryAcquire()) {
          this.#failures.gaveUp(failure, delayMs !== undefined || retries > 0, retry);
          return undefined;
        }
        await pause(delayMs, this.lifetime.signal);
        // Others may have found out meanwhile that the target is in trouble.
        if (!breaker.allows()) {
          this.#failures.gaveUp(failure, true, retry);
          return undefined;
        }
      }
    }
  }
}

/**
 * Those that may be asked now. A request that nobody may be asked for goes to the one that is left
 * alone for the shortest time: a gateway that refuses everything by itself would be worse.
 */
export function eligible(
  candidates: readonly Candidate[],
  health: TargetHealth,
): readonly Candidate[] {
  const usable = allowed(candidates, health);
  if (usable.length > 0) return usable;
  const waitMs = ({ target }: Candidate) => health.of(target).breaker.msUntilAllowed;
  return candidates.toSorted((one, other) => waitMs(one) - waitMs(other)).slice(0, 1);
}

function allowed(candidates: readonly Candidate[], health: TargetHealth): readonly Candidate[] {
  return candidates.filter(({ target }) => health.of(target).breaker.allows());
}
