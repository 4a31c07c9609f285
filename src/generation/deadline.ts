import type { GatewayError } from '../contract/gateway-error.js';

/**
 * A wait for content with an end. Only time in which we wait for the upstream counts: while a
 * slow caller keeps us from reading, silence is not the upstream's.
 */
export class Deadline {
  /** Whether we are waiting for the upstream right now. */
  waiting = false;
  passed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly onPass: (error: GatewayError) => void) {}

  start(ms: number, error: () => GatewayError): void {
    this.stop();
    this.#timer = setTimeout(() => {
      if (!this.waiting) {
        this.refresh();
        return;
      }
      this.passed = true;
      this.onPass(error());
    }, ms);
  }

  refresh(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
