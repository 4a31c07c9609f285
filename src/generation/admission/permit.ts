import type { Queued } from './fair-queue.js';

/**
 * Ids of the backends that will do, in order. It is asked again while a request waits: a target that
 * was left alone may be well by then.
 */
export type EligibleBackends = () => readonly string[];

/** Room for one generation: a seat in this process and, at any time, a place at one backend. */
export interface Permit {
  /** Id of the backend that has room for it; after a `moveTo` that failed, of the one before. */
  readonly backend: string;
  /** How long it has waited for room so far, in milliseconds; absent while it did not have to. */
  readonly waitedMs: number | undefined;
  /**
   * Gives the place at `backend` up for one at the first of `backends` that has room, and waits
   * where none has. Its own place counts as room: it is not lost to others meanwhile. The seat is
   * kept, also when this rejects.
   * @param backends see `Admission.enter`
   * @throws GatewayError `overloaded` after too long a wait, or the reason of the signal it was entered with
   */
  reassign(backends: EligibleBackends): Promise<void>;
  /** Gives everything back; once. */
  release(): void;
}

/** Who lets guests in and knows who else is there. */
export interface House {
  move(guest: Guest, backends: EligibleBackends): Promise<void>;
  leave(guest: Guest): void;
}

/** A generation that has room, or waits for it. */
export class Guest implements Permit, Queued {
  isSeated = false;
  /** It has a place at `backend`; not while it waits for another one. */
  hasPlace = false;
  backend = '';
  waitedMs: number | undefined;
  /** Ends the wait that is going on. */
  stopWaiting: (() => void) | undefined;

  constructor(
    readonly flow: string,
    readonly ticket: number,
    readonly signal: AbortSignal,
    private readonly house: House,
  ) {}

  reassign(backends: EligibleBackends): Promise<void> {
    return this.house.move(this, backends);
  }

  release(): void {
    this.house.leave(this);
  }
}
