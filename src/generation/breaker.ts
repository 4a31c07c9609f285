import type { Fault } from '../contract/faults.js';
import type { GatewayError } from '../contract/gateway-error.js';
import type { BreakerState } from '../contract/generation.js';
import { SlidingCount } from './sliding-count.js';

/** Longest time that a target is left alone for what its operator has to mend. */
const MAX_COOLDOWN_MS = 300_000;

/** Longest `Retry-After` that keeps all requests away from a target. */
const MAX_REST_MS = 60_000;

export interface BreakerSettings {
  readonly failures: number;
  readonly ratio: number;
  readonly windowMs: number;
  readonly cooldownMs: number;
}

/** What one attempt means for the breaker; an answer that breaks off later is answered and then failed. */
export interface Trial {
  /** There was first content, or a whole answer. */
  answered(): void;
  failed(error: GatewayError): void;
  /** It was given up for reasons that are not the target's. */
  cancelled(): void;
}

/**
 * Leaves a target alone that keeps failing. It opens when enough attempts of the window failed and
 * they are a large enough part of all; after a cooldown one request probes the target, and the
 * others follow when that one was answered.
 */
export class Breaker {
  #attempts: SlidingCount;
  #failures: SlidingCount;
  #openUntil: number | undefined;
  #restUntil = 0;
  #isProbing = false;
  /** How often in a row it opened for something that waiting does not cure. */
  #hopeless = 0;
  /** Counts openings: attempts that began before the last one say nothing about the target now. */
  #epoch = 0;

  constructor(
    private readonly settings: BreakerSettings,
    private readonly onTurn: (state: BreakerState, fault?: Fault) => void,
    private readonly now = () => performance.now(),
  ) {
    this.#attempts = new SlidingCount(settings.windowMs, now);
    this.#failures = new SlidingCount(settings.windowMs, now);
  }

  /** Whether a request that comes in `ms` may go to the target. */
  passes(ms = 0): boolean {
    return this.closesInMs <= ms && !this.#isProbing;
  }

  /** How long until a request may go to the target, if nothing happens before. */
  get closesInMs(): number {
    return Math.max(0, this.#restUntil - this.now(), (this.#openUntil ?? 0) - this.now());
  }

  /** An attempt begins: also while the breaker is open, when nobody else is left to be asked. */
  begin(): Trial {
    const isProbe = this.#openUntil !== undefined && this.passes();
    if (isProbe) {
      this.#isProbing = true;
      this.onTurn('half_open');
    }
    const epoch = this.#epoch;
    let isAnswered = false;
    const concerns = () => {
      if (isProbe && epoch === this.#epoch) this.#isProbing = false;
      return epoch === this.#epoch;
    };
    return {
      answered: () => {
        isAnswered = true;
        if (!concerns()) return;
        this.#attempts.add();
        if (this.#openUntil !== undefined) this.#close();
      },
      failed: (error) => {
        if (concerns()) this.#failed(error, isAnswered);
      },
      cancelled: () => void concerns(),
    };
  }

  #failed({ trips, fault, retryAfterMs = 0 }: GatewayError, wasAnswered: boolean): void {
    const { failures, ratio, cooldownMs } = this.settings;
    switch (trips) {
      case 'no':
        return;
      case 'rests':
        this.#restUntil = Math.max(
          this.#restUntil,
          this.now() + Math.min(retryAfterMs, MAX_REST_MS),
        );
        return;
      case 'opens':
        if (!this.#isOpen) {
          this.#open(Math.min(cooldownMs * 2 ** this.#hopeless, MAX_COOLDOWN_MS), fault);
          this.#hopeless += 1;
        }
        return;
      case 'counts': {
        if (!wasAnswered) this.#attempts.add();
        this.#failures.add();
        const failed = this.#failures.total;
        const isTooMany = failed >= failures && failed >= ratio * this.#attempts.total;
        const isFailedProbe = this.#openUntil !== undefined;
        if (!this.#isOpen && (isTooMany || isFailedProbe)) this.#open(cooldownMs, fault);
      }
    }
  }

  get #isOpen(): boolean {
    return this.#openUntil !== undefined && this.now() < this.#openUntil;
  }

  #open(ms: number, fault: Fault): void {
    this.#epoch += 1;
    this.#isProbing = false;
    this.#openUntil = this.now() + ms;
    this.#forget();
    this.onTurn('open', fault);
  }

  #close(): void {
    this.#openUntil = undefined;
    // Another request than the probe may have been answered: nobody waits for the probe any more.
    this.#isProbing = false;
    this.#hopeless = 0;
    this.#forget();
    this.onTurn('closed');
  }

  #forget(): void {
    this.#attempts = new SlidingCount(this.settings.windowMs, this.now);
    this.#failures = new SlidingCount(this.settings.windowMs, this.now);
  }
}
