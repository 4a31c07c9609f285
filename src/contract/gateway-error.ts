/** The one terminal state of a stream. */
export type EndReason =
  | 'completed'
  | 'client_closed'
  | 'slow_client'
  | 'drained'
  | 'rejected'
  | 'upstream_error'
  | 'upstream_cut'
  | 'first_token_timeout'
  | 'idle_timeout'
  | 'total_timeout'
  | 'internal_error';

interface FaultRow {
  /** HTTP status while the caller's status is still to be sent. */
  readonly status: number;
  /** OpenAI's words for it (`error.type`, `error.code`), because clients act on them. */
  readonly type: string;
  readonly code: string | null;
  /** May another target answer, as long as the caller has no content yet. */
  readonly next: boolean;
  /** The `x-should-retry` header; absent: the client's own rule holds. */
  readonly shouldRetry?: boolean;
  /** What a stream that ends by this fault is recorded as. */
  readonly endReason: EndReason;
}

const invalid = 'invalid_request_error';
const server = 'server_error';

/** Every way a request can fail, and what follows from it. */
const FAULTS = {
  invalid_request: row(400, invalid, null, false, 'rejected'),
  context_too_long: row(400, invalid, 'context_length_exceeded', true, 'rejected'),
  content_filtered: row(400, invalid, 'content_filter', false, 'rejected'),
  payload_too_large: row(413, invalid, 'request_too_large', false, 'rejected'),
  unauthenticated: row(401, invalid, 'invalid_api_key', false, 'rejected'),
  permission_denied: row(403, invalid, 'model_not_allowed', false, 'rejected'),
  model_not_found: row(404, invalid, 'model_not_found', false, 'rejected'),
  rate_limited: row(429, 'requests', 'rate_limit_exceeded', true, 'rejected'),
  quota_exhausted: row(429, 'insufficient_quota', 'insufficient_quota', true, 'rejected', false),
  upstream_credentials: row(502, server, 'upstream_credentials', true, 'upstream_error', false),
  upstream_model_missing: row(502, server, 'upstream_model_missing', true, 'upstream_error', false),
  upstream_protocol: row(502, server, 'upstream_protocol', true, 'upstream_error'),
  upstream_cut: row(502, server, 'upstream_cut', true, 'upstream_cut'),
  upstream_unavailable: row(503, server, 'upstream_unavailable', true, 'upstream_error'),
  overloaded: row(503, server, 'overloaded', true, 'rejected'),
  draining: row(503, server, 'draining', false, 'drained'),
  first_token_timeout: row(504, server, 'first_token_timeout', true, 'first_token_timeout'),
  idle_timeout: row(504, server, 'idle_timeout', true, 'idle_timeout'),
  total_timeout: row(504, server, 'total_timeout', false, 'total_timeout', false),
  internal: row(500, server, 'internal_error', false, 'internal_error', false),
} as const satisfies Record<string, FaultRow>;

function row(
  status: number,
  type: string,
  code: string | null,
  next: boolean,
  endReason: EndReason,
  shouldRetry?: boolean,
): FaultRow {
  return { status, type, code, next, endReason, ...(shouldRetry !== undefined && { shouldRetry }) };
}

export type Fault = keyof typeof FAULTS;
export const ALL_FAULTS = Object.keys(FAULTS) as readonly Fault[];

/** Over this wait a client had better go elsewhere: the SDKs ignore a longer `Retry-After` and repeat at once. */
const MAX_CALLER_WAIT_MS = 60_000;

export interface GatewayErrorOptions {
  readonly cause?: unknown;
  /** The field of the caller's request that is wrong, in the caller's words. */
  readonly param?: string;
  /** The upstream's own `error.code`, where the caller should see it instead of ours. */
  readonly code?: string;
  /** `requests` or `tokens` where an upstream said which limit was hit. */
  readonly type?: string;
  readonly retryAfterMs?: number;
  /** What the upstream answered, for logs. */
  readonly upstream?: { readonly status?: number; readonly requestId?: string };
}

/**
 * The one error of Sluice. `message` is written for callers: it holds no key, no stack and no
 * prompt text. What went wrong inside is in `cause`.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly upstream: { readonly status?: number; readonly requestId?: string };
  readonly #options: GatewayErrorOptions;

  constructor(
    readonly fault: Fault,
    message: string,
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

  get type(): string {
    return this.#options.type ?? FAULTS[this.fault].type;
  }

  get code(): string | null {
    return this.#options.code ?? FAULTS[this.fault].code;
  }

  get mayTryNext(): boolean {
    return FAULTS[this.fault].next;
  }

  get shouldRetry(): boolean | undefined {
    if (this.fault === 'rate_limited') return (this.retryAfterMs ?? 0) <= MAX_CALLER_WAIT_MS;
    const { shouldRetry }: FaultRow = FAULTS[this.fault];
    return shouldRetry;
  }

  /** Whether the same request may succeed if it is sent again later. */
  get retryable(): boolean {
    return this.shouldRetry ?? this.status >= 429;
  }

  get endReason(): EndReason {
    return FAULTS[this.fault].endReason;
  }

  /** Any thrown value as a `GatewayError`; what is not one is a bug of ours. */
  static from(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    return new GatewayError('internal', 'Sluice failed to handle this request.', { cause: error });
  }
}
