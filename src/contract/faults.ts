/** The one terminal state of a stream. */
export type EndReason =
  | 'completed'
  | 'client_closed'
  | 'slow_client'
  | 'operator_closed'
  | 'drained'
  | 'rejected'
  | 'overloaded'
  | 'upstream_error'
  | 'upstream_cut'
  | 'first_token_timeout'
  | 'idle_timeout'
  | 'total_timeout'
  | 'internal_error';

export interface FaultRow {
  /**
   * HTTP status while the caller's status is still to be sent. 503 says that another instance may
   * answer: a proxy may send the same request there. What has used up its targets is a 502 (ADR 35).
   */
  readonly status: number;
  /** For callers, where there is nothing more exact to say. */
  readonly message?: string | undefined;
  /** How long a caller had better wait before it tries again; absent for the caller's own mistakes. */
  readonly retryAfterMs?: number | undefined;
  /** May another target answer, as long as the caller has no content yet. */
  readonly fallback: boolean;
  /** May the same target be asked again, after a wait. */
  readonly retry: boolean;
  /** What it means for the target's breaker. */
  readonly breaker: BreakerEffect;
  /**
   * The `x-should-retry` header. Absent: the client's own rule holds, unless the error knows better
   * (`GatewayError.shouldRetry`), or all targets were asked and it is a 5xx that is not retried, or
   * was: then it is `false` (`generation/attempt/failures.ts`).
   */
  readonly shouldRetry?: boolean | undefined;
  /** What a stream that ends by this fault is recorded as. */
  readonly endReason: EndReason;
}

/**
 * `count`: one failure among others. `suspect`: the same, unless it may be about the requests of one
 * flow alone. `open`: no further request will fare better, so at once. `pause`: not before the
 * upstream's `Retry-After`. `ignore`: it says nothing about the target.
 */
export type BreakerEffect = 'ignore' | 'count' | 'suspect' | 'open' | 'pause';

/** The caller's own mistake. */
const mistake = {
  fallback: false,
  retry: false,
  breaker: 'ignore',
  endReason: 'rejected',
} as const;

/** A failure of the upstream's, or of ours. Most are over within seconds. */
const failure = {
  retryAfterMs: 1000,
  fallback: true,
  retry: false,
  breaker: 'count',
  endReason: 'upstream_error',
} as const;

/** The operator has to mend something before the target can answer anybody. */
const operatorFault = { ...failure, breaker: 'open', shouldRetry: false } as const;

/** A bound of Sluice itself: it says nothing about any target. */
const ours = { ...failure, fallback: false, breaker: 'ignore', endReason: 'rejected' } as const;

/** The caller's connection is gone: nobody reads what is said of it. */
const gone = { ...ours, retryAfterMs: undefined } as const;

/** Every way a request can fail, and what follows from it. */
export const FAULTS = {
  invalid_request: { ...mistake, status: 400 },
  unsupported_feature: { ...mistake, status: 400, fallback: true },
  context_too_long: { ...mistake, status: 400, fallback: true },
  content_filtered: { ...mistake, status: 400 },
  payload_too_large: { ...mistake, status: 413 },
  unsupported_encoding: { ...mistake, status: 415 },
  body_timeout: { ...mistake, status: 408 },
  unauthenticated: { ...mistake, status: 401 },
  access_unavailable: {
    ...ours,
    status: 503,
    message: 'Sluice cannot check who you are at the moment: try again.',
  },
  permission_denied: { ...mistake, status: 403 },
  origin_not_allowed: { ...mistake, status: 403 },
  host_not_allowed: { ...mistake, status: 403 },
  model_not_found: { ...mistake, status: 404 },
  rate_limited: {
    status: 429,
    retryAfterMs: 1000,
    fallback: true,
    retry: true,
    breaker: 'pause',
    endReason: 'rejected',
  },
  // The caller's own, or its model's here. The operator's at an upstream is the one below.
  budget_exhausted: { ...ours, status: 429, shouldRetry: false },
  quota_exhausted: { ...operatorFault, status: 429, endReason: 'rejected' },
  upstream_credentials: { ...operatorFault, status: 502 },
  upstream_model_missing: { ...operatorFault, status: 502 },
  upstream_protocol: { ...failure, status: 502 },
  upstream_cut: {
    ...failure,
    status: 502,
    message: 'The answer was cut before its end.',
    retry: true,
    endReason: 'upstream_cut',
  },
  upstream_unavailable: { ...failure, status: 502, retry: true },
  overloaded: { ...ours, status: 503, fallback: true, endReason: 'overloaded' },
  draining: {
    ...ours,
    status: 503,
    // Another instance takes the request at once, as soon as the caller's connection leads to it.
    retryAfterMs: 250,
    message: 'This instance of Sluice is shutting down: try again.',
  },
  // Its status is never sent: it is told as an event behind a 200.
  stream_interrupted: {
    ...ours,
    status: 503,
    message:
      'This stream was interrupted and cannot be taken up again. Send the request without Last-Event-ID for a new answer.',
  },
  // The dialect repeats all of it at its end, so that it has to be kept (`responses.maxOutputBytes`).
  answer_too_large: {
    ...ours,
    status: 502,
    retryAfterMs: undefined,
    shouldRetry: false,
    message: 'The answer is longer than Sluice keeps for this API.',
  },
  first_token_timeout: { ...failure, status: 504, endReason: 'first_token_timeout' },
  idle_timeout: { ...failure, status: 504, endReason: 'idle_timeout' },
  total_timeout: { ...ours, status: 504, shouldRetry: false, endReason: 'total_timeout' },
  slow_client: {
    ...gone,
    status: 408,
    endReason: 'slow_client',
    message: 'The caller took nothing of the answer for too long.',
  },
  // 499 is nginx's number for it.
  client_closed: {
    ...gone,
    status: 499,
    endReason: 'client_closed',
    message: 'The caller left before the answer was finished.',
  },
  operator_closed: {
    ...ours,
    status: 403,
    retryAfterMs: undefined,
    shouldRetry: false,
    endReason: 'operator_closed',
    message: 'The operator of this gateway has ended this answer.',
  },
  internal: {
    ...ours,
    status: 500,
    message: 'Sluice failed to handle this request.',
    shouldRetry: false,
    endReason: 'internal_error',
  },
} as const satisfies Record<string, FaultRow>;

export type Fault = keyof typeof FAULTS;
export const ALL_FAULTS = Object.keys(FAULTS) as readonly Fault[];
