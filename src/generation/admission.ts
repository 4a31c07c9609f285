import { Injectable } from '@nestjs/common';
import { GatewayError } from '../contract/gateway-error.js';

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
   * Takes a place; the caller gives it back by calling the result, once.
   * @throws GatewayError `draining`
   */
  enter(): () => void {
    if (!this.#open) {
      throw new GatewayError('draining', 'This instance of Sluice is shutting down: try again.');
    }
    this.#running += 1;
    return () => this.#leave();
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
