import type { BreakerConfig } from '../../config/schema/retry-config.js';
import type { Fault } from '../../contract/faults.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import type { BreakerState } from '../../contract/generation.js';
import { RecentFlows } from './recent-flows.js';
import { RateLimitPause } from './rate-limit-pause.js';
import { SlidingWindowCounter } from './sliding-window-counter.js';

/** Longest time that a target is left alone for what its operator has to mend. */
const MAX_COOLDOWN_MS = 300_000;

/** What one attempt means for the breaker; an answer that breaks off later is answered and then failed. */
export interface BreakerCall {
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
 * counts only where it is not one flow's alone: one caller must not close a target for others.
 */
export class Breaker {
  #attempts: SlidingWindowCounter;
  #failures: SlidingWindowCounter;
  #suspicions: SlidingWindowCounter;
  #suspectFlows: RecentFlows;
  #answeredFlows: RecentFlows;
  #openUntil: number | undefined;
  /** It was opened by what may have been about requests. */
  #isSuspected = false;
  readonly #pause: RateLimitPause;
  #isProbing = false;
  /** How often in a row it opened for something that waiting does not cure. */
  #operatorFaults = 0;
  /** Counts openings: attempts that began before the last one say nothing about the target now. */
  #epoch = 0;

  constructor(
    private readonly settings: BreakerConfig,
    private readonly onChange: (state: BreakerState, fault?: Fault) => void,
    private readonly now = () => performance.now(),
  ) {
    this.#attempts = new SlidingWindowCounter(settings.windowMs, now);
    this.#failures = new SlidingWindowCounter(settings.windowMs, now);
    this.#suspicions = new SlidingWindowCounter(settings.windowMs, now);
    this.#suspectFlows = new RecentFlows(settings.windowMs, now);
    this.#answeredFlows = new RecentFlows(settings.windowMs, now);
    this.#pause = new RateLimitPause(settings.windowMs, now);
  }

  /** It is asked as usual. */
  get isClosed(): boolean {
    return this.#openUntil === undefined;
  }

  get state(): BreakerState {
    if (this.isClosed) return 'closed';
    return this.#isOpen ? 'open' : 'half_open';
  }

  /** Somebody knows better: it is asked as usual from now on. */
  close(): void {
    this.#pause.end();
    if (this.isClosed) return;
    // What began before says nothing about the target as it is now.
    this.#epoch += 1;
    this.#close();
  }

  /** Whether a request that comes in `ms` may go to the target. */
  allows(ms = 0): boolean {
    return this.msUntilAllowed <= ms && !this.#isProbing;
  }

  /** How long until a request may go to the target, if nothing happens before. */
  get msUntilAllowed(): number {
    return Math.max(0, this.#pause.msLeft, (this.#openUntil ?? 0) - this.now());
  }

  /**
   * An attempt begins: also while the breaker is open, when nobody else is left to be asked.
   * @param flow whose request it is
   */
  track(flow: string): BreakerCall {
    const isProbe = this.#openUntil !== undefined && this.allows();
    if (isProbe) {
      this.#isProbing = true;
      this.onChange('half_open');
    }
    const epoch = this.#epoch;
    let isAnswered = false;
    const isCurrent = () => epoch === this.#epoch;
    const endProbe = () => {
      if (isProbe && isCurrent()) this.#isProbing = false;
    };
    return {
      answered: () => {
        isAnswered = true;
        endProbe();
        if (!isCurrent()) return;
        this.#attempts.add();
        this.#answeredFlows.add(flow);
        this.#pause.answered();
        if (this.#openUntil !== undefined) this.#close();
      },
      failed: (error) => {
        endProbe();
        if (isCurrent()) this.#failed(error, isAnswered, flow);
      },
      cancelled: endProbe,
    };
  }

  #failed(
    { breakerEffect, fault, retryAfterMs }: GatewayError,
    wasAnswered: boolean,
    flow: string,
  ): void {
    switch (breakerEffect) {
      case 'ignore':
        return;
      case 'pause':
        this.#pause.refused(retryAfterMs);
        return;
      case 'open':
        if (!this.#isOpen) {
          const { cooldownMs } = this.settings;
          this.#open(Math.min(cooldownMs * 2 ** this.#operatorFaults, MAX_COOLDOWN_MS), fault);
          this.#operatorFaults += 1;
        }
        return;
      case 'suspect':
        this.#suspicions.add();
        this.#suspectFlows.add(flow);
        // What one flow alone meets, where others are answered, does not even water down the ratio.
        if (this.#suspectFlows.areSeveral || !this.#answeredFlows.hasOther(flow)) {
          this.#judge(this.#suspicions.total, this.#isSuspected, fault);
        }
        return;
      case 'count':
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
    this.onChange('open', fault);
  }

  #close(): void {
    this.#openUntil = undefined;
    // Another request than the probe may have been answered: nobody waits for the probe any more.
    this.#isProbing = false;
    this.#operatorFaults = 0;
    this.#forget();
    this.onChange('closed');
  }

  #forget(): void {
    const { windowMs } = this.settings;
    this.#attempts = new SlidingWindowCounter(windowMs, this.now);
    this.#failures = new SlidingWindowCounter(windowMs, this.now);
    this.#suspicions = new SlidingWindowCounter(windowMs, this.now);
    this.#suspectFlows = new RecentFlows(windowMs, this.now);
    this.#answeredFlows = new RecentFlows(windowMs, this.now);
  }
}
