import type { Fault } from '../contract/faults.js';
import type { GatewayError } from '../contract/gateway-error.js';
import type { BreakerState } from '../contract/generation.js';
import { RecentLanes } from './recent-lanes.js';
import { Rest } from './rest.js';
import { SlidingCount } from './sliding-count.js';

/** Longest time that a target is left alone for what its operator has to mend. */
const MAX_COOLDOWN_MS = 300_000;

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
 *
 * A failure that may be about the caller's request rather than the target (a 403 that names no key)
 * counts only where it is not one lane's alone: one caller must not close a target for others.
 */
export class Breaker {
  #attempts: SlidingCount;
  #failures: SlidingCount;
  #suspicions: SlidingCount;
  #suspectLanes: RecentLanes;
  #answeredLanes: RecentLanes;
  #openUntil: number | undefined;
  /** It was opened by what may have been about requests. */
  #isSuspected = false;
  readonly #rest: Rest;
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
    this.#suspicions = new SlidingCount(settings.windowMs, now);
    this.#suspectLanes = new RecentLanes(settings.windowMs, now);
    this.#answeredLanes = new RecentLanes(settings.windowMs, now);
    this.#rest = new Rest(settings.windowMs, now);
  }

  /** Whether a request that comes in `ms` may go to the target. */
  passes(ms = 0): boolean {
    return this.closesInMs <= ms && !this.#isProbing;
  }

  /** How long until a request may go to the target, if nothing happens before. */
  get closesInMs(): number {
    return Math.max(0, this.#rest.msLeft, (this.#openUntil ?? 0) - this.now());
  }

  /**
   * An attempt begins: also while the breaker is open, when nobody else is left to be asked.
   * @param lane whose request it is
   */
  begin(lane: string): Trial {
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
        this.#answeredLanes.add(lane);
        this.#rest.over();
        if (this.#openUntil !== undefined) this.#close();
      },
      failed: (error) => {
        if (concerns()) this.#failed(error, isAnswered, lane);
      },
      cancelled: () => void concerns(),
    };
  }

  #failed({ trips, fault, retryAfterMs }: GatewayError, wasAnswered: boolean, lane: string): void {
    switch (trips) {
      case 'no':
        return;
      case 'rests':
        this.#rest.for(retryAfterMs);
        return;
      case 'opens':
        if (!this.#isOpen) {
          const { cooldownMs } = this.settings;
          this.#open(Math.min(cooldownMs * 2 ** this.#hopeless, MAX_COOLDOWN_MS), fault);
          this.#hopeless += 1;
        }
        return;
      case 'suspects':
        this.#suspicions.add();
        this.#suspectLanes.add(lane);
        // What one lane alone meets, where others are answered, does not even water down the ratio.
        if (this.#suspectLanes.areSeveral || !this.#answeredLanes.hasOther(lane)) {
          this.#judge(this.#suspicions.total, this.#isSuspected, fault);
        }
        return;
      case 'counts':
        if (!wasAnswered) this.#attempts.add();
        this.#failures.add();
        this.#judge(0, true, fault);
    }
  }

  /** Opens where too much has failed. */
  #judge(suspicions: number, failsProbe: boolean, fault: Fault): void {
    const { failures, ratio, cooldownMs } = this.settings;
    const failed = this.#failures.total + suspicions;
    const isTooMany = failed >= failures && failed >= ratio * (this.#attempts.total + suspicions);
    const isFailedProbe = this.#openUntil !== undefined && failsProbe;
    if (this.#isOpen || !(isTooMany || isFailedProbe)) return;
    this.#open(cooldownMs, fault);
    this.#isSuspected = suspicions > 0;
  }

  get #isOpen(): boolean {
    return this.#openUntil !== undefined && this.now() < this.#openUntil;
  }

  #open(ms: number, fault: Fault): void {
    this.#epoch += 1;
    this.#isProbing = false;
    this.#openUntil = this.now() + ms;
    this.#isSuspected = false;
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
    const { windowMs } = this.settings;
    this.#attempts = new SlidingCount(windowMs, this.now);
    this.#failures = new SlidingCount(windowMs, this.now);
    this.#suspicions = new SlidingCount(windowMs, this.now);
    this.#suspectLanes = new RecentLanes(windowMs, this.now);
    this.#answeredLanes = new RecentLanes(windowMs, this.now);
  }
}
