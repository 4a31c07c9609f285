import { GatewayError } from '../contract/gateway-error.js';
import type { Place } from './admission.js';
import { Attempt } from './attempt.js';
import type { Candidate } from './candidates.js';
import { Failures } from './failures.js';
import type { GenerationRun } from './generation-run.js';
import type { GenerationScope } from './generation-scope.js';
import { pause } from './pause.js';
import { repeatDelayMs } from './repeat.js';
import type { Health, TargetHealth } from './target-health.js';

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
    readonly run: GenerationRun,
    readonly scope: GenerationScope,
    private readonly lane: string,
  ) {
    this.#remaining = candidates;
  }

  /**
   * @param place at a backend of one of the candidates; it moves along with the request
   * @param ask resolves when the attempt's answer is there to be given
   * @throws GatewayError the failure that a later request escapes soonest, when nobody answered
   */
  async answer<T>(place: Place, ask: (attempt: Attempt) => Promise<T>): Promise<Answered<T>> {
    let candidate = this.#at(place.backend) ?? (await this.#next(place));
    for (;;) {
      const asked: Candidate = candidate;
      this.#remaining = this.#remaining.filter((other) => other !== asked);
      const answered = await this.#ask(asked, ask);
      if (answered) {
        const { target, ignored } = asked;
        this.run.target = { backend: target.backend, model: target.model };
        this.run.ignored = ignored;
        return answered;
      }
      candidate = await this.#next(place);
    }
  }

  /**
   * Waits for room elsewhere.
   * @throws GatewayError the failure that a later request escapes soonest, when there was none
   */
  async moveTo(place: Place, backends: () => readonly string[]): Promise<void> {
    try {
      await place.moveTo(backends);
    } catch (error) {
      if (this.scope.isOver) throw this.scope.fault;
      throw this.#failures.soonestCured(GatewayError.from(error));
    } finally {
      if (place.waitedMs !== undefined) this.run.queuedMs = place.waitedMs;
    }
  }

  /**
   * An attempt at `candidate`, which its breaker is told of.
   * @param isLast nobody else may be asked when it stays silent
   */
  begin({ target, backend }: Candidate, isLast: boolean): Attempt {
    const trial = this.health.of(target).breaker.begin(this.lane);
    return new Attempt(backend, target, this.scope.signal, trial, this.run, isLast);
  }

  /** Takes note of how an attempt failed, and says what its failure is for the caller. */
  failed(attempt: Attempt, error: unknown): GatewayError {
    attempt.abandon();
    if (this.scope.isOver) {
      this.cancelled(attempt);
      return this.scope.fault;
    }
    const failure = GatewayError.from(error);
    attempt.trial.failed(failure);
    this.run.attemptEnded(attempt.record(failure.fault, failure));
    return failure;
  }

  /** Takes note of an attempt that was given up for no fault of its target's. */
  cancelled(attempt: Attempt): void {
    attempt.trial.cancelled();
    this.run.attemptEnded(attempt.record('cancelled'));
  }

  healthOf({ target }: Candidate): Health {
    return this.health.of(target);
  }

  #usable(): readonly Candidate[] {
    return this.#failures.areSome
      ? passing(this.#remaining, this.health)
      : askable(this.#remaining, this.health);
  }

  #at(backend: string): Candidate | undefined {
    return this.#usable().find((candidate) => candidate.backend.id === backend);
  }

  /** The candidate to ask next, with a place at its backend. */
  async #next(place: Place): Promise<Candidate> {
    for (;;) {
      if (this.#usable().length === 0) throw this.#failures.lastWord();
      await this.moveTo(place, () => this.#usable().map(({ backend }) => backend.id));
      // The wait may have been long: another one at that backend may be the better choice by now.
      const candidate = this.#at(place.backend);
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
    const { breaker, budget } = this.healthOf(candidate);
    budget.requested();
    for (let repeats = 0; ; repeats += 1) {
      const isLast = passing(this.#remaining, this.health).length === 0;
      const attempt = this.begin(candidate, isLast);
      try {
        const answer = await ask(attempt);
        attempt.trial.answered();
        return { candidate, attempt, answer };
      } catch (error) {
        const failure = this.failed(attempt, error);
        if (this.scope.isOver || !failure.mayTryNext) throw failure;
        this.#failures.add(failure);
        if (failure.fault === 'context_too_long') this.#leaveOutNotLargerThan(candidate);
        const { retry } = candidate.target;
        const delayMs = repeatDelayMs(failure, repeats, retry);
        if (delayMs === undefined || !breaker.passes(delayMs) || !budget.take()) {
          this.#failures.givenUp(failure, delayMs !== undefined || repeats > 0, retry);
          return undefined;
        }
        await pause(delayMs, this.scope.signal);
        if (this.scope.isOver) throw this.scope.fault;
        // Others may have found out meanwhile that the target is in trouble.
        if (!breaker.passes()) {
          this.#failures.givenUp(failure, true, retry);
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
export function askable(
  candidates: readonly Candidate[],
  health: TargetHealth,
): readonly Candidate[] {
  const usable = passing(candidates, health);
  if (usable.length > 0) return usable;
  const waitMs = ({ target }: Candidate) => health.of(target).breaker.closesInMs;
  return candidates.toSorted((one, other) => waitMs(one) - waitMs(other)).slice(0, 1);
}

function passing(candidates: readonly Candidate[], health: TargetHealth): readonly Candidate[] {
  return candidates.filter(({ target }) => health.of(target).breaker.passes());
}
