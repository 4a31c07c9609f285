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

export interface FaultRow {
  /** HTTP status while the caller's status is still to be sent. */
  readonly status: number;
  /** OpenAI's words for it (`error.type`, `error.code`), because clients act on them. */
  readonly type: string;
  readonly code: string | null;
  /** May another target answer, as long as the caller has no content yet. */
  readonly fallback: boolean;
  /** May the same target be asked again, after a wait. */
  readonly retry: boolean;
  /** What it means for the target's breaker. */
  readonly breaker: BreakerEffect;
  /** The `x-should-retry` header; absent: the client's own rule holds. */
  readonly shouldRetry?: boolean;
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
  type: 'invalid_request_error',
  fallback: false,
  retry: false,
  breaker: 'ignore',
  endReason: 'rejected',
} as const;

/** A failure of the upstream's, or of ours. */
const failure = {
  type: 'server_error',
  fallback: true,
  retry: false,
  breaker: 'count',
  endReason: 'upstream_error',
} as const;

/** The operator has to mend something before the target can answer anybody. */
const operatorFault = { ...failure, breaker: 'open', shouldRetry: false } as const;

/** A bound of Sluice itself: it says nothing about any target. */
const ours = { ...failure, fallback: false, breaker: 'ignore', endReason: 'rejected' } as const;

/** Every way a request can fail, and what follows from it. */
export const FAULTS = {
  invalid_request: { ...mistake, status: 400, code: null },
  unsupported_feature: { ...mistake, status: 400, code: 'unsupported_feature', fallback: true },
  context_too_long: { ...mistake, status: 400, code: 'context_length_exceeded', fallback: true },
  content_filtered: { ...mistake, status: 400, code: 'content_filter' },
  payload_too_large: { ...mistake, status: 413, code: 'request_too_large' },
  unsupported_encoding: { ...mistake, status: 415, code: 'unsupported_encoding' },
  body_timeout: { ...mistake, status: 408, code: 'body_timeout' },
  unauthenticated: { ...mistake, status: 401, code: 'invalid_api_key' },
  permission_denied: { ...mistake, status: 403, code: 'model_not_allowed' },
  origin_not_allowed: { ...mistake, status: 403, code: 'origin_not_allowed' },
  host_not_allowed: { ...mistake, status: 403, code: 'host_not_allowed' },
  model_not_found: { ...mistake, status: 404, code: 'model_not_found' },
  rate_limited: {
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    fallback: true,
    retry: true,
    breaker: 'pause',
    endReason: 'rejected',
  },
  quota_exhausted: {
    ...operatorFault,
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    endReason: 'rejected',
  },
  upstream_credentials: { ...operatorFault, status: 502, code: 'upstream_credentials' },
  upstream_model_missing: { ...operatorFault, status: 502, code: 'upstream_model_missing' },
  upstream_protocol: { ...failure, status: 502, code: 'upstream_protocol' },
  upstream_cut: {
    ...failure,
    status: 502,
    code: 'upstream_cut',
    retry: true,
    endReason: 'upstream_cut',
  },
  upstream_unavailable: { ...failure, status: 503, code: 'upstream_unavailable', retry: true },
  overloaded: { ...ours, status: 503, code: 'overloaded', fallback: true },
  draining: { ...ours, status: 503, code: 'draining' },
  // Nobody reads its status: it is told as an event behind a 200.
  stream_interrupted: { ...ours, status: 503, code: 'stream_interrupted' },
  first_token_timeout: {
    ...failure,
    status: 504,
    code: 'first_token_timeout',
    endReason: 'first_token_timeout',
  },
  idle_timeout: { ...failure, status: 504, code: 'idle_timeout', endReason: 'idle_timeout' },
  total_timeout: {
    ...ours,
    status: 504,
    code: 'total_timeout',
    shouldRetry: false,
    endReason: 'total_timeout',
  },
  // Nobody reads its status: the connection is gone.
  slow_client: { ...ours, status: 408, code: 'slow_client', endReason: 'slow_client' },
  internal: {
    ...ours,
    status: 500,
    code: 'internal_error',
    shouldRetry: false,
    endReason: 'internal_error',
  },
} as const satisfies Record<string, FaultRow>;

export type Fault = keyof typeof FAULTS;
export const ALL_FAULTS = Object.keys(FAULTS) as readonly Fault[];
