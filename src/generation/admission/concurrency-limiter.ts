import { Injectable } from '@nestjs/common';
import { LiveConfig } from '../../config/live-config.js';
import type { GatewayConfig } from '../../config/schema/gateway-config.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { BackendCapacity } from './backend-capacity.js';
import { EventLoopDelay } from '../event-loop-delay.js';
import { FairQueue, type Queued } from './fair-queue.js';
import type { EligibleBackends, Permit } from './permit.js';
import { noneEligible, queueFull, releasedEarly, tooSlow } from './refusal.js';
import { Waiter } from './waiter.js';

/** How often waiters' eligible backends are asked for again. */
const REFRESH_EVERY_MS = 250;

/**
 * Bounds how many generations run in this process and at each backend; those beyond wait in turn.
 * No waiter is left in the queue while what it lacks is free, as far as its eligible backends were
 * known within the last 250 ms: every release dispatches, and a breaker that closes releases nothing.
 * Until the next refresh a newcomer may overtake those that wait for its backend; to refresh the
 * whole queue for every newcomer would cost most when there is least to spare.
 */
@Injectable()
export class ConcurrencyLimiter {
  #isOpen = true;
  #running = 0;
  #tickets = 0;
  readonly #capacity = new BackendCapacity();
  readonly #queue = new FairQueue<Waiter>();
  /** Waiters without a slot: only these count against `queue.size`, and only these a drain refuses. */
  readonly #entering = new Set<Waiter>();
  #polling: NodeJS.Timeout | undefined;
  readonly #waitingForIdle: (() => void)[] = [];
  #onChange = (): void => undefined;

  constructor(
    private readonly live: LiveConfig,
    private readonly eventLoop: EventLoopDelay,
  ) {
    this.#capacity.adopt(live.current);
    live.observe({
      replaced: (next) => {
        this.#capacity.adopt(next);
        this.#dispatch();
      },
      retired: (snapshot) => this.#capacity.forget(snapshot),
    });
  }

  /** Why no request is admitted now, whatever its model: it is known before a body is read. */
  get refusal(): GatewayError | undefined {
    if (!this.#isOpen) return new GatewayError('draining');
    if (this.eventLoop.isTooSlow) return tooSlow();
    const isFull = this.#running >= this.#limits.streams;
    return isFull && this.#queueIsFull ? queueFull() : undefined;
  }

  /** Slots taken. */
  get running(): number {
    return this.#running;
  }

  /** Generations that wait, for a slot or for room at a backend. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** @param onChange called when `running` or `waiting` may have changed */
  observe(onChange: () => void): void {
    this.#onChange = onChange;
  }

  /**
   * Takes a slot and capacity at the first of `backends` that has some, or waits in turn for both.
   * A waiter holds neither: a crowd that waits for one backend leaves all slots to other requests.
   * @param who what the queue is fair to: flows take turns, waiters of one flow keep their order
   * @param signal its abort ends the wait, and every wait of `Permit.reassign`
   * @returns rejects with `overloaded` after `queue.maxWaitMs`, with `draining` when
   *   `stopAdmitting` is called meanwhile, or with the reason of `signal`
   * @throws GatewayError at once: `draining`, or `overloaded` when the queue is full
   */
  acquire(
    who: Pick<Queued, 'flow' | 'priority'>,
    backends: EligibleBackends,
    signal: AbortSignal,
  ): Promise<Permit> {
    const { refusal } = this;
    if (refusal) throw refusal;
    if (signal.aborted) return Promise.reject(signal.reason);
    const waiter = new Waiter(who, this.#tickets++, signal, backends);
    if (this.#tryAcquire(waiter)) return Promise.resolve(this.#permitOf(waiter));
    if (this.#queueIsFull) throw queueFull();
    return this.#wait(waiter).then(() => this.#permitOf(waiter));
  }

  /** Refuses new requests, and waiters without a slot. Permits stay, and can be reassigned. */
  stopAdmitting(): void {
    this.#isOpen = false;
    for (const waiter of this.#entering) this.#refuse(waiter, new GatewayError('draining'));
  }

  /** Resolves when no slot is taken. Then the queue is empty: a free slot dispatches every waiter. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForIdle.push(resolve));
  }

  get #limits(): GatewayConfig['limits'] {
    return this.live.current.limits;
  }

  get #queueIsFull(): boolean {
    return this.#entering.size >= this.#limits.queue.size;
  }

  #permitOf(waiter: Waiter): Permit {
    const release = () => this.#release(waiter);
    return {
      get backend() {
        return waiter.backend;
      },
      get waitedMs() {
        return waiter.waitedMs;
      },
      reassign: (backends) => this.#reassign(waiter, backends),
      release,
      [Symbol.dispose]: release,
    };
  }

  async #reassign(waiter: Waiter, backends: EligibleBackends): Promise<void> {
    waiter.signal.throwIfAborted();
    if (!waiter.hasSlot) throw releasedEarly();
    this.#releaseCapacity(waiter);
    waiter.refreshEligible(backends);
    // Before waiters are dispatched: a permit loses its own capacity only to that of a better backend.
    const wait = this.#tryAcquire(waiter) ? undefined : this.#wait(waiter);
    this.#dispatch();
    await wait;
  }

  #release(waiter: Waiter): void {
    if (!waiter.hasSlot) return;
    if (waiter.isWaiting) this.#refuse(waiter, releasedEarly());
    this.#releaseCapacity(waiter);
    waiter.hasSlot = false;
    this.#running -= 1;
    this.#onChange();
    this.#dispatch();
    if (this.#running > 0) return;
    for (const resolve of this.#waitingForIdle.splice(0)) resolve();
  }

  #releaseCapacity(waiter: Waiter): void {
    if (!waiter.hasCapacity) return;
    waiter.hasCapacity = false;
    this.#capacity.release(waiter.backend);
  }

  /** Takes what `waiter` lacks, if there is capacity at one of its backends. */
  #tryAcquire(waiter: Waiter): boolean {
    if (!waiter.hasSlot && this.#running >= this.#limits.streams) return false;
    const backend = this.#capacity.take(waiter.backends);
    if (backend === undefined) return false;
    if (!waiter.hasSlot) {
      this.#running += 1;
      this.#onChange();
    }
    waiter.hasSlot = true;
    waiter.hasCapacity = true;
    waiter.backend = backend;
    return true;
  }

  #wait(waiter: Waiter): Promise<void> {
    this.#queue.add(waiter);
    this.#onChange();
    if (!waiter.hasSlot) this.#entering.add(waiter);
    this.#polling ??= setInterval(() => this.#refreshEligible(), REFRESH_EVERY_MS).unref();
    return waiter.wait(this.#limits.queue.maxWaitMs, (reason) => this.#refuse(waiter, reason));
  }

  /** Grants to waiters, in turn, what is free. */
  #dispatch(): void {
    for (;;) {
      const waiter = this.#queue.take((next) => this.#tryAcquire(next));
      if (!waiter) return;
      this.#remove(waiter);
      waiter.grant();
    }
  }

  /** Removes it in the same turn: what a dispatch gave to a refused waiter would never be released. */
  #refuse(waiter: Waiter, reason: unknown): void {
    this.#remove(waiter);
    waiter.refuse(reason);
  }

  /** A breaker that closes releases nothing here, so it dispatches nothing either. */
  #refreshEligible(): void {
    for (const waiter of this.#queue) {
      waiter.refreshEligible();
      if (waiter.backends.length === 0) this.#refuse(waiter, noneEligible());
    }
    this.#dispatch();
  }

  #remove(waiter: Waiter): void {
    this.#queue.remove(waiter);
    this.#onChange();
    this.#entering.delete(waiter);
    if (this.#queue.isEmpty) this.#stopPolling();
  }

  #stopPolling(): void {
    clearInterval(this.#polling);
    this.#polling = undefined;
  }
}
