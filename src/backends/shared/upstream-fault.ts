import type { Fault } from '../../contract/faults.js';
import { GatewayError, type GatewayErrorOptions } from '../../contract/gateway-error.js';

/** What an upstream said of a failure, whatever its own format. */
export interface UpstreamComplaint {
  readonly status?: number;
  readonly message?: string;
  readonly code?: string;
  readonly type?: string;
  readonly param?: string;
  readonly retryAfterMs?: number;
  readonly requestId?: string;
}

/** No connection, or it broke before a response. */
export function connectionFault(backend: string, cause: unknown): GatewayError {
  if (OUT_OF_DESCRIPTORS.has(codeOf(cause))) {
    return new GatewayError('overloaded', 'Sluice has no connection to spare: try again later.', {
      cause,
    });
  }
  const what = wasConnected(cause)
    ? 'closed the connection before it answered'
    : 'cannot be reached';
  return new GatewayError('upstream_unavailable', `Backend "${backend}" ${what}.`, {
    cause,
    ...silence(cause),
  });
}

/** There was a connection; only the response is missing. */
export function wasConnected(cause: unknown): boolean {
  return CONNECTED.has(codeOf(cause));
}

/** Whether the upstream never said a word while it was being connected to: it may well stay silent. */
export function silence(cause: unknown): { readonly silent?: true } {
  return SILENT.has(codeOf(cause)) ? { silent: true } : {};
}

// Of this process or its machine: no fault of the target's, which must not be left alone for it.
const OUT_OF_DESCRIPTORS = new Set<unknown>(['EMFILE', 'ENFILE']);
// FIN, RST, and a write after either.
const CONNECTED = new Set<unknown>(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
// Headers have a deadline only where a proxy is asked for a tunnel; ETIMEDOUT is the kernel's own patience.
const SILENT = new Set<unknown>([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'ETIMEDOUT',
]);

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

/** The upstream stopped in the middle of its answer. */
export function cutFault(backend: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'upstream_cut',
    `The answer of backend "${backend}" was cut before its end.`,
    { cause },
  );
}

/** An upstream that answered, but not in its own protocol. */
export function protocolFault(backend: string, what: string, cause?: unknown): GatewayError {
  return new GatewayError('upstream_protocol', `Backend "${backend}" ${what}.`, { cause });
}

/** Longest single event or line that is still taken for a chunk of an answer. */
export const MAX_EVENT_CHARS = 1024 * 1024;

export function tooLongFault(backend: string): GatewayError {
  return protocolFault(backend, `sent an event of over ${MAX_EVENT_CHARS} characters`);
}

/** An upstream's refusal, before or within its stream, as the fault it means for us. */
export function complaintFault(backend: string, complaint: UpstreamComplaint): GatewayError {
  const fault = faultOf(complaint);
  const { status, requestId, retryAfterMs } = complaint;
  const options: GatewayErrorOptions = {
    upstream: {
      ...(status !== undefined && { status }),
      ...(requestId !== undefined && { requestId }),
    },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  if (isCallersMistake(fault)) {
    return new GatewayError(fault, complaint.message || 'The model refused this request.', {
      ...options,
      ...(complaint.param && { param: complaint.param }),
      ...(complaint.code && { code: complaint.code }),
    });
  }
  // Never the upstream's own words here: they may quote our key, our organization or its hosts.
  return new GatewayError(fault, `Backend "${backend}" ${OUR_WORDS[fault] ?? 'failed'}.`, {
    ...options,
    ...(fault === 'rate_limited' && complaint.type === 'tokens' && { type: 'tokens' }),
  });
}

const OUR_WORDS: Partial<Record<Fault, string>> = {
  rate_limited: 'limits the rate of requests at the moment',
  quota_exhausted: 'has no quota left',
  upstream_credentials: 'refused the API key that Sluice is configured with',
  upstream_model_missing: 'does not have the configured model',
  upstream_protocol: 'answered in an unexpected way',
  upstream_unavailable: 'is unavailable at the moment',
};

const TOO_LONG = /context (length|window|size)|maximum model length|prompt is too long/i;

function isCallersMistake(fault: Fault): boolean {
  return (
    fault === 'invalid_request' || fault === 'context_too_long' || fault === 'content_filtered'
  );
}

function faultOf(complaint: UpstreamComplaint): Fault {
  const { status, message = '' } = complaint;
  const words = [complaint.code, complaint.type];
  const says = (...known: string[]) => words.some((word) => word && known.includes(word));

  if (status === 402 || says('insufficient_quota') || /usage limits?\b/i.test(message)) {
    return 'quota_exhausted';
  }
  switch (status ?? statusOf(says)) {
    case 400:
    case 413:
    case 422:
      if (says('context_length_exceeded', 'exceed_context_size_error')) return 'context_too_long';
      // vLLM, llama.cpp and Ollama have no code for it, only a sentence.
      if (TOO_LONG.test(message)) return 'context_too_long';
      if (says('content_filter', 'content_policy_violation')) return 'content_filtered';
      return 'invalid_request';
    case 401:
    case 403:
      return 'upstream_credentials';
    case 404:
      return 'upstream_model_missing';
    case 429:
      return 'rate_limited';
    default:
      return status === undefined || status === 408 || status >= 500
        ? 'upstream_unavailable'
        : 'upstream_protocol';
  }
}

/** Errors inside a 200 stream often carry no number, only OpenAI's words. */
function statusOf(says: (...known: string[]) => boolean | ''): number | undefined {
  if (says('rate_limit_exceeded', 'rate_limit_error')) return 429;
  if (says('invalid_api_key', 'authentication_error', 'permission_error')) return 401;
  if (says('model_not_found')) return 404;
  if (
    says(
      'invalid_request_error',
      'context_length_exceeded',
      'content_filter',
      'content_policy_violation',
    )
  ) {
    return 400;
  }
  return undefined;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Longer waits are nonsense, or as good as for ever. */
const MAX_RETRY_AFTER_MS = 30 * 24 * 3_600_000;

/** `retry-after-ms`, else `Retry-After` in seconds or as a date. */
export function retryAfterMsOf(headers: Headers, now = Date.now()): number | undefined {
  const ms =
    numberIn(headers['retry-after-ms']) ??
    msOf(numberIn(headers['retry-after'])) ??
    untilDate(headers['retry-after'], now);
  return ms === undefined ? undefined : Math.min(ms, MAX_RETRY_AFTER_MS);
}

/** An empty one is none: `Number` would make it 0, and a retry at once. */
function numberIn(header: string | string[] | undefined): number | undefined {
  const value = text(header)?.trim() ?? '';
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

function msOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function untilDate(header: string | string[] | undefined, now: number): number | undefined {
  const value = text(header) ?? '';
  // `Date.parse` takes "-5" and "1e22" for years.
  const date = /[a-z]{3}/i.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** The upstream's own id of the request, for a talk with its support. */
export function requestIdOf(headers: Headers): string | undefined {
  return text(headers['x-request-id']);
}
