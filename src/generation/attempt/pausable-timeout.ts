import type { GatewayError } from '../../contract/gateway-error.js';

/**
 * A wait for content with an end. Only time in which we wait for the upstream counts: while a slow
 * caller keeps us from reading, silence is not the upstream's.
 */
export class PausableTimeout {
  #ms = 0;
  #error: (() => GatewayError) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Waited since the last content, not counting the wait that is going on. */
  #waitedMs = 0;
  #waitingSince: number | undefined;

  constructor(private readonly onExpired: (error: GatewayError) => void) {}

  /** Begins with a new wait of `ms`. */
  start(ms: number, error: () => GatewayError): void {
    this.stop();
    this.#ms = ms;
    this.#error = error;
    this.#waitedMs = 0;
    this.#arm(ms);
  }

  /** From now on we wait for the upstream. */
  resume(now: number): void {
    this.#waitingSince = now;
    if (this.#timer === undefined) this.#arm(this.#ms - this.#waitedMs);
  }

  /** It answered, with content or without. */
  pause(now: number): void {
    this.#waitedMs += now - (this.#waitingSince ?? now);
    this.#waitingSince = undefined;
  }

  /** There was content: the wait begins anew. */
  restart(): void {
    this.#waitedMs = 0;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#error = undefined;
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#check(), Math.max(1, Math.ceil(ms)));
  }

  /** The timer is not moved for every chunk: when it fires, it looks at how much was really waited. */
  #check(): void {
    this.#timer = undefined;
    if (!this.#error || this.#waitingSince === undefined) return;
    const leftMs = this.#ms - this.#waitedMs - (performance.now() - this.#waitingSince);
    if (leftMs > 0) {
      this.#arm(leftMs);
      return;
    }
    this.onExpired(this.#error());
  }
}
