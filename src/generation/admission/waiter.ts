import type { Queued } from './fair-queue.js';
import type { EligibleBackends } from './permit.js';
import { waitedTooLong } from './refusal.js';

/** A generation as the limiter sees it: in the queue while it waits, behind its permit once it runs. */
export class Waiter implements Queued {
  hasSlot = false;
  /** At `backend`; not while it waits for another one. */
  hasCapacity = false;
  backend = '';
  waitedMs: number | undefined;
  /** What `eligible` returned last. */
  backends: readonly string[];
  #wait: PromiseWithResolvers<void> | undefined;

  readonly flow: string;
  readonly priority: Queued['priority'];

  constructor(
    { flow, priority }: Pick<Queued, 'flow' | 'priority'>,
    readonly ticket: number,
    readonly signal: AbortSignal,
    private eligible: EligibleBackends,
  ) {
    this.flow = flow;
    this.priority = priority;
    this.backends = eligible();
  }

  refreshEligible(eligible = this.eligible): void {
    this.eligible = eligible;
    this.backends = eligible();
  }

  /**
   * Lasts until `grant` or `refuse`. However it ends, its timer and its listener are removed.
   * @param giveUp called after `maxMs`, or when the signal is aborted: has to call `refuse`
   */
  async wait(maxMs: number, giveUp: (reason: unknown) => void): Promise<void> {
    const startedAt = performance.now();
    const onAbort = () => giveUp(this.signal.reason);
    const timer = setTimeout(() => giveUp(waitedTooLong(maxMs)), maxMs);
    this.signal.addEventListener('abort', onAbort, { once: true });
    this.#wait = Promise.withResolvers();
    try {
      await this.#wait.promise;
    } finally {
      clearTimeout(timer);
      this.signal.removeEventListener('abort', onAbort);
      this.#wait = undefined;
      this.waitedMs = (this.waitedMs ?? 0) + performance.now() - startedAt;
    }
  }

  get isWaiting(): boolean {
    return this.#wait !== undefined;
  }

  grant(): void {
    this.#wait?.resolve();
  }

  refuse(reason: unknown): void {
    this.#wait?.reject(reason);
  }
}
