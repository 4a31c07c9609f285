import { Injectable } from '@nestjs/common';
import { GatewayConfig } from '../../config/schema/gateway-config.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import { BackendCapacity } from './backend-capacity.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { FairQueue } from './fair-queue.js';
import { Guest, type House, type Permit, type EligibleBackends } from './permit.js';
import { draining, left, queueIsFull, tooSlow } from './refusal.js';
import { Wait } from './wait.js';

export type { Permit } from './permit.js';

/** How often those who wait look anew at whom they may be sent to. */
const LOOK_ANEW_EVERY_MS = 250;

/**
 * Who may start a generation, and how many are running. Nobody ever waits for whom there is room:
 * whoever gives something back calls in those that it is enough for.
 */
@Injectable()
export class ConcurrencyLimiter {
  #open = true;
  #running = 0;
  #tickets = 0;
  readonly #limits: GatewayConfig['limits'];
  readonly #capacity: BackendCapacity;
  readonly #queue = new FairQueue<Wait>();
  /** Those in the queue that have no seat yet. The others are running: they only change places. */
  readonly #entering = new Set<Wait>();
  #lookingAnew: NodeJS.Timeout | undefined;
  readonly #waitingForIdle: (() => void)[] = [];
  readonly #house: House = {
    move: (guest, backends) => this.#move(guest, backends),
    leave: (guest) => this.#leave(guest),
  };

  constructor(
    { limits, backends }: GatewayConfig,
    private readonly eventLoop: EventLoopDelay,
  ) {
    this.#limits = limits;
    this.#capacity = new BackendCapacity(backends);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Why nobody can enter now, whatever they ask for: so much can be said before a request was read. */
  get refusal(): GatewayError | undefined {
    if (!this.#open) return draining();
    if (this.eventLoop.isTooSlow) return tooSlow();
    const isFull = this.#running >= this.#limits.streams;
    return isFull && this.#entering.size >= this.#limits.queue.size ? queueIsFull() : undefined;
  }

  /** How many have a seat. */
  get running(): number {
    return this.#running;
  }

  /**
   * Takes a seat and a place at the first of `backends` that has room, or waits in turn for both.
   * Who waits holds neither: a crowd in front of one backend is in nobody else's way.
   * @param flow whom the wait has to be fair to: flows have turns, requests of one keep their order
   * @param signal its abort ends the wait, now and in `Place.moveTo`
   * @returns rejects with `overloaded` after too long a wait, with `draining` when the house closes
   *   meanwhile, or with the reason of `signal`
   * @throws GatewayError at once: `draining`, or `overloaded` when no more may wait
   */
  acquire(flow: string, backends: EligibleBackends, signal: AbortSignal): Promise<Permit> {
    const { refusal } = this;
    if (refusal) throw refusal;
    const guest = new Guest(flow, this.#tickets++, signal, this.#house);
    if (signal.aborted) return gone(signal);
    if (this.#tryAcquire(guest, backends())) return Promise.resolve(guest);
    if (this.#entering.size >= this.#limits.queue.size) throw queueIsFull();
    return this.#wait(guest, backends).then(() => guest);
  }

  /** From now on nobody enters, and who waits to is refused. Seated ones go on, also to other backends. */
  stopAdmitting(): void {
    this.#open = false;
    for (const wait of this.#entering) {
      this.#remove(wait);
      wait.refuse(draining());
    }
  }

  /** Resolves when nobody has a seat. Then nobody waits either: there is room. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForIdle.push(resolve));
  }

  #move(guest: Guest, backends: EligibleBackends): Promise<void> {
    if (guest.signal.aborted) return gone(guest.signal);
    this.#givePlaceBack(guest);
    // It looks before anybody is called in: its own place is lost only to a better one.
    const moved = this.#tryAcquire(guest, backends())
      ? Promise.resolve()
      : this.#wait(guest, backends);
    this.#dispatch();
    return moved;
  }

  #leave(guest: Guest): void {
    if (!guest.isSeated) return;
    guest.stopWaiting?.();
    this.#givePlaceBack(guest);
    guest.isSeated = false;
    this.#running -= 1;
    this.#dispatch();
    if (this.#running > 0) return;
    for (const resolve of this.#waitingForIdle.splice(0)) resolve();
  }

  /** Takes whatever the guest lacks, if there is room for it at one of `backends`. */
  #tryAcquire(guest: Guest, backends: readonly string[]): boolean {
    if (!guest.isSeated && this.#running >= this.#limits.streams) return false;
    const backend = backends.find((each) => this.#capacity.hasRoom(each));
    if (backend === undefined) return false;
    if (!guest.isSeated) this.#running += 1;
    guest.isSeated = true;
    this.#capacity.acquire(backend);
    guest.backend = backend;
    guest.hasPlace = true;
    return true;
  }

  #givePlaceBack(guest: Guest): void {
    if (!guest.hasPlace) return;
    guest.hasPlace = false;
    this.#capacity.release(guest.backend);
  }

  /** Lets in everybody that there is room for now, in turn. */
  #dispatch(): void {
    for (;;) {
      const wait = this.#queue.take(({ guest, backends }) => this.#tryAcquire(guest, backends));
      if (!wait) return;
      this.#entering.delete(wait);
      this.#stopPolling();
      wait.grant();
    }
  }

  async #wait(guest: Guest, backends: EligibleBackends): Promise<void> {
    const { maxWaitMs } = this.#limits.queue;
    const wait = new Wait(guest, backends, maxWaitMs, () => this.#remove(wait));
    this.#queue.add(wait);
    this.#lookingAnew ??= setInterval(() => this.#refreshEligible(), LOOK_ANEW_EVERY_MS).unref();
    if (!guest.isSeated) this.#entering.add(wait);
    guest.stopWaiting = () => {
      this.#remove(wait);
      wait.refuse(left());
    };
    try {
      await wait.over;
    } finally {
      guest.stopWaiting = undefined;
      guest.waitedMs = (guest.waitedMs ?? 0) + wait.ms;
    }
  }

  /** Nobody gives anything back when a target is well again: its place was free all the time. */
  #refreshEligible(): void {
    for (const wait of this.#queue) wait.lookAnew();
    this.#dispatch();
  }

  #stopPolling(): void {
    if (!this.#queue.isEmpty) return;
    clearInterval(this.#lookingAnew);
    this.#lookingAnew = undefined;
  }

  #remove(wait: Wait): void {
    this.#queue.remove(wait);
    this.#entering.delete(wait);
    this.#stopPolling();
  }
}

/** For a request whose caller has left before it came here. */
function gone({ reason }: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  reject(reason);
  return promise;
}
