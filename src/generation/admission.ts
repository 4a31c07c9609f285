import { Injectable } from '@nestjs/common';
import { GatewayError } from '../contract/gateway-error.js';

/** Room for one generation: a seat in this process and, at any time, a place at one backend. */
export interface Place {
  /** Id of the backend that has room for it. */
  readonly backend: string;
  /**
   * Gives the place at `backend` up for one at the first of `backends` that has room, and waits
   * where none has. The seat is kept.
   * @throws GatewayError `overloaded` after too long a wait, or the reason of the signal it was entered with
   */
  moveTo(backends: readonly string[]): Promise<void>;
  /** Gives everything back; once. */
  leave(): void;
}

/** Who may start a generation, and how many are running. */
@Injectable()
export class Admission {
  #open = true;
  #running = 0;
  readonly #waitingForIdle: (() => void)[] = [];

  get isOpen(): boolean {
    return this.#open;
  }

  get running(): number {
    return this.#running;
  }

  /**
   * Takes a seat and a place at the first of `backends` that has room, or waits in turn for one.
   * @param _lane whom the wait has to be fair to: requests of one lane keep their order
   * @param _signal its abort ends the wait
   * @returns rejects like `Place.moveTo`
   * @throws GatewayError at once: `draining`, or `overloaded` when no more may wait
   */
  enter(_lane: string, backends: readonly string[], _signal: AbortSignal): Promise<Place> {
    if (!this.#open) {
      throw new GatewayError('draining', 'This instance of Sluice is shutting down: try again.');
    }
    this.#running += 1;
    const place = {
      backend: backends[0]!,
      moveTo: (next: readonly string[]) => {
        place.backend = next[0]!;
        return Promise.resolve();
      },
      leave: () => this.#leave(),
    };
    return Promise.resolve(place);
  }

  /** From now on nobody enters. */
  close(): void {
    this.#open = false;
  }

  /** Resolves when nothing is running. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForIdle.push(resolve));
  }

  #leave(): void {
    this.#running -= 1;
    if (this.#running > 0) return;
    for (const resolve of this.#waitingForIdle.splice(0)) resolve();
  }
}
