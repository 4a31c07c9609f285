import type { EndReason } from '../contract/faults.js';
import { GatewayError } from '../contract/gateway-error.js';

/**
 * The life of one generation: over when the caller leaves, the time for all of it is up, or whoever
 * holds it ends it.
 * The reason of its signal is the end reason.
 */
export class GenerationLifetime {
  readonly #abort = new AbortController();
  readonly #disposed = Promise.withResolvers<void>();
  #failure: GatewayError | undefined;
  readonly #total: NodeJS.Timeout;
  readonly #onCallerAbort = () => this.#abort.abort(this.caller.reason);

  constructor(
    private readonly caller: AbortSignal,
    private readonly totalMs: number,
    private readonly onDispose: () => void,
  ) {
    this.#total = setTimeout(() => this.end('total_timeout'), totalMs);
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

  /** Resolves when nothing of it runs any more and everything about it is recorded. */
  get disposed(): Promise<void> {
    return this.#disposed.promise;
  }

  /** Why it is over, as the error that its reader gets. */
  get error(): GatewayError {
    if (this.#failure) return this.#failure;
    switch (this.endReason) {
      case 'total_timeout':
        return new GatewayError(
          'total_timeout',
          `The answer was not finished within ${this.totalMs} ms.`,
        );
      case 'drained':
        return new GatewayError(
          'draining',
          'This instance of Sluice is shutting down and could not wait for the end of the answer: try again.',
        );
      case 'slow_client':
        return new GatewayError(
          'slow_client',
          'The caller took nothing of the answer for too long.',
        );
      default:
        return new GatewayError('internal', 'The caller left before the answer was finished.');
    }
  }

  /** It was not the caller's own wish. */
  get isFailure(): boolean {
    return this.isOver && this.endReason !== 'client_closed';
  }

  /** Ends it by what went wrong in giving its answer to the caller. */
  fail(error: GatewayError): void {
    if (this.isOver) return;
    this.#failure = error;
    this.end(error.endReason);
  }

  /** Ends it before its time; the first reason given is the one that stays. */
  end(reason: EndReason): void {
    this.#abort.abort(reason);
  }

  /** Lets go of the timer and of the caller's signal. */
  dispose(): void {
    this.onDispose();
    this.#disposed.resolve();
    clearTimeout(this.#total);
    this.caller.removeEventListener('abort', this.#onCallerAbort);
  }
}
