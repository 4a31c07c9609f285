import { type EndReason, GatewayError } from '../contract/gateway-error.js';

/**
 * The life of one generation: over when the caller leaves or the time for all of it is up.
 * The reason of its signal is the end reason.
 */
export class GenerationScope {
  readonly #abort = new AbortController();
  readonly #total: NodeJS.Timeout;
  readonly #onCallerAbort = () => this.#abort.abort(this.caller.reason);

  constructor(
    private readonly caller: AbortSignal,
    private readonly totalMs: number,
  ) {
    this.#total = setTimeout(() => this.#end('total_timeout'), totalMs);
    if (caller.aborted) this.#onCallerAbort();
    else caller.addEventListener('abort', this.#onCallerAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isOver(): boolean {
    return this.signal.aborted;
  }

  get endReason(): EndReason {
    return this.signal.reason as EndReason;
  }

  /** Why it is over, as the error that its reader gets. */
  get fault(): GatewayError {
    if (this.endReason === 'total_timeout') {
      return new GatewayError(
        'total_timeout',
        `The answer was not finished within ${this.totalMs} ms.`,
      );
    }
    return new GatewayError('internal', 'The caller left before the answer was finished.');
  }

  /** Lets go of the timer and of the caller's signal. */
  dispose(): void {
    clearTimeout(this.#total);
    this.caller.removeEventListener('abort', this.#onCallerAbort);
  }

  #end(reason: EndReason): void {
    this.#abort.abort(reason);
  }
}
