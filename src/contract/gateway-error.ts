import { type EndReason, type Fault, type FaultRow, FAULTS, type BreakerEffect } from './faults.js';

/** Over this wait a client had better go elsewhere: the SDKs ignore a longer `Retry-After` and retry at once. */
const MAX_CALLER_WAIT_MS = 60_000;

export interface GatewayErrorOptions {
  readonly cause?: unknown;
  /** The field of the caller's request that is wrong, in the caller's words. */
  readonly param?: string | undefined;
  /** The upstream's own code, where the caller should see it instead of the dialect's word for the fault. */
  readonly upstreamCode?: string | undefined;
  /** The target said nothing at all: asked again it would most likely say nothing again. */
  readonly silent?: true | undefined;
  /** The limit that was hit, where an upstream said that it is not the one of requests. */
  readonly limited?: 'tokens' | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Whether another target may answer, where that is not what the fault usually means. */
  readonly mayFallBack?: boolean | undefined;
  /** What it means for the target, where that is not what the fault usually means. */
  readonly breakerEffect?: BreakerEffect | undefined;
  /** The `x-should-retry` header, where the fault leaves it open. */
  readonly shouldRetry?: boolean | undefined;
  /** The same request never succeeds, whatever the fault usually means: there is no wait that helps. */
  readonly isPermanent?: true | undefined;
  /** Where the fault alone does not tell: a stream that the drain cut was not rejected. */
  readonly endReason?: EndReason | undefined;
  readonly upstream?: UpstreamAnswer | undefined;
}

/** What the upstream answered, for logs: never a whole sentence of it, which may quote the prompt. */
export interface UpstreamAnswer {
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  /** Its codes, types and reasons. */
  readonly code?: string | undefined;
  /** The words that Sluice knew it by, such as "credit balance is too low". */
  readonly said?: string | undefined;
  /** The operator's account there, where it named one. */
  readonly account?: string | undefined;
}

/**
 * The one error of Sluice. `message` is written for callers: it holds no key, no stack and no
 * prompt text. What went wrong inside is in `cause`.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly upstream: UpstreamAnswer;
  readonly #options: GatewayErrorOptions;

  constructor(
    readonly fault: Fault,
    message: string = defaultMessage(fault),
    options: GatewayErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.param = options.param;
    this.retryAfterMs = options.retryAfterMs;
    this.upstream = options.upstream ?? {};
    this.#options = options;
  }

  get status(): number {
    return FAULTS[this.fault].status;
  }

  get upstreamCode(): string | undefined {
    return this.#options.upstreamCode;
  }

  get limited(): 'tokens' | undefined {
    return this.#options.limited;
  }

  get mayFallBack(): boolean {
    return this.#options.mayFallBack ?? FAULTS[this.fault].fallback;
  }

  get mayRetry(): boolean {
    return (
      FAULTS[this.fault].retry && this.#options.silent !== true && this.breakerEffect !== 'ignore'
    );
  }

  get breakerEffect(): BreakerEffect {
    return this.#options.breakerEffect ?? FAULTS[this.fault].breaker;
  }

  /** Whether another try within seconds may help; nothing where the client knows as much as we do. */
  get shouldRetry(): boolean | undefined {
    return this.#options.shouldRetry ?? this.#mayHelp;
  }

  /** Whether the same request may succeed if it is sent again later. */
  get retryable(): boolean {
    return this.#mayHelp ?? this.callerWaitMs !== undefined;
  }

  /** How long a caller had better wait: what the upstream said, else what is usual for the fault. */
  get callerWaitMs(): number | undefined {
    const { retryAfterMs }: FaultRow = FAULTS[this.fault];
    if (this.#options.isPermanent) return undefined;
    return retryAfterMs === undefined ? undefined : (this.retryAfterMs ?? retryAfterMs);
  }

  /** The same, for clients that would try again at once what was tried again already. */
  withoutClientRetry(): GatewayError {
    return this.#with(this.message, { shouldRetry: false });
  }

  /** The same, where it may be about the request of one caller. */
  suspected(): GatewayError {
    return this.breakerEffect === 'open'
      ? this.#with(this.message, { breakerEffect: 'suspect' })
      : this;
  }

  /** The same in better words. */
  saying(message: string): GatewayError {
    return this.#with(message, {});
  }

  #with(message: string, options: GatewayErrorOptions): GatewayError {
    const own = { ...this.#options, cause: this.cause };
    return new GatewayError(this.fault, message, { ...own, ...options });
  }

  get #mayHelp(): boolean | undefined {
    if (this.#options.isPermanent) return false;
    if (this.fault === 'rate_limited') {
      return this.breakerEffect !== 'ignore' && (this.retryAfterMs ?? 0) <= MAX_CALLER_WAIT_MS;
    }
    // The SDKs do not keep so long a wait: they would be back at once.
    if ((this.retryAfterMs ?? 0) > MAX_CALLER_WAIT_MS) return false;
    const { shouldRetry }: FaultRow = FAULTS[this.fault];
    return shouldRetry;
  }

  get endReason(): EndReason {
    return this.#options.endReason ?? FAULTS[this.fault].endReason;
  }

  /** Any thrown value as a `GatewayError`; what is not one is a bug of ours. */
  static from(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    return new GatewayError('internal', undefined, { cause: error });
  }
}

function defaultMessage(fault: Fault): string {
  const { message }: FaultRow = FAULTS[fault];
  return message ?? fault;
}
