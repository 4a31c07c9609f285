import { GatewayError } from '../contract/gateway-error.js';

/**
 * How long one generation may live: until the caller leaves, `totalMs` are over, or it is aborted.
 * The reason of its signal is the `GatewayError` that says why.
 */
export class GenerationLifetime implements Disposable {
  readonly #abort = new AbortController();
  readonly #disposed = Promise.withResolvers<void>();
  readonly #total: NodeJS.Timeout;
  readonly #onCallerAbort = () => this.#abort.abort(this.caller.reason);

  constructor(
    private readonly caller: AbortSignal,
    totalMs: number,
    private readonly onDispose: () => void,
  ) {
    this.#total = setTimeout(() => {
      const message = `The answer was not finished within ${totalMs} ms.`;
      this.abort(new GatewayError('total_timeout', message));
    }, totalMs);
    if (caller.aborted) this.#onCallerAbort();
    else caller.addEventListener('abort', this.#onCallerAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves when nothing of the generation runs any more and everything about it is recorded. */
  get disposed(): Promise<void> {
    return this.#disposed.promise;
  }

  /** Why the generation was over before its answer was whole; nothing while it is not. */
  get error(): GatewayError | undefined {
    return this.signal.aborted ? GatewayError.from(this.signal.reason) : undefined;
  }

  /** Ends it before its time; the first reason given is the one that stays. */
  abort(reason: GatewayError): void {
    this.#abort.abort(reason);
  }

  /** Lets go of the timer and of the caller's signal. */
  [Symbol.dispose](): void {
    this.onDispose();
    this.#disposed.resolve();
    clearTimeout(this.#total);
    this.caller.removeEventListener('abort', this.#onCallerAbort);
  }
}
