import type { Queued } from './fair-queue.js';
import type { Guest, EligibleBackends } from './permit.js';
import { waitedTooLong } from './refusal.js';

/** One wait for room. However it ends, its timer and its listener are let go. */
export class Wait implements Queued {
  readonly flow: string;
  readonly ticket: number;
  readonly #over = Promise.withResolvers<void>();
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  #backends: readonly string[];
  readonly #onAbort = () => this.#giveUp(this.guest.signal.reason);

  /**
   * @param onGivenUp called when it ends by itself: after `maxMs`, or by the guest's signal
   */
  constructor(
    readonly guest: Guest,
    private readonly wish: EligibleBackends,
    maxMs: number,
    private readonly onGivenUp: (wait: Wait) => void,
  ) {
    this.#backends = wish();
    this.flow = guest.flow;
    this.ticket = guest.ticket;
    this.#timer = setTimeout(() => this.#giveUp(waitedTooLong(maxMs)), maxMs);
    guest.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Those that will do, as it was when they were last looked at. */
  get backends(): readonly string[] {
    return this.#backends;
  }

  lookAnew(): void {
    this.#backends = this.wish();
  }

  /** Resolves once there is room, and rejects with why there was none. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Since it began. */
  get ms(): number {
    return performance.now() - this.#startedAt;
  }

  grant(): void {
    this.#release();
    this.#over.resolve();
  }

  refuse(reason: unknown): void {
    this.#release();
    this.#over.reject(reason);
  }

  #giveUp(reason: unknown): void {
    this.refuse(reason);
    this.onGivenUp(this);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.guest.signal.removeEventListener('abort', this.#onAbort);
  }
}
