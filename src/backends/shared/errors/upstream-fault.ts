import type { Fault } from '../../../contract/faults.js';
import { GatewayError, type GatewayErrorOptions } from '../../../contract/gateway-error.js';
import { defined } from '../../../contract/json.js';
import { faultOf } from './fault-of.js';
import type { UpstreamError } from './upstream-error.js';

/** No connection, or it broke before a response. */
export function connectionFault(backend: string, cause: unknown): GatewayError {
  // undici does not send such a request: a bug of ours, which says nothing about the upstream.
  if (codeOf(cause) === 'UND_ERR_INVALID_ARG') return GatewayError.from(cause);
  if (codeOf(cause) === 'UND_ERR_HEADERS_OVERFLOW') {
    return protocolFault(backend, 'answered with more headers than are read', cause);
  }
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

export function tooLongFault(backend: string, maxEventBytes: number): GatewayError {
  return protocolFault(backend, `sent an event of over ${maxEventBytes} bytes`);
}

/** An upstream's refusal, before or within its stream, as the fault it means for us. */
export function upstreamErrorFault(backend: string, error: UpstreamError): GatewayError {
  const { fault, breakerEffect, said } = faultOf(error);
  const { status, requestId, retryAfterMs, account } = error;
  const options: GatewayErrorOptions = {
    upstream: defined({
      status,
      requestId,
      code: error.words?.join(' ') || undefined,
      said,
      account,
    }),
    retryAfterMs,
    breakerEffect,
  };
  if (CALLERS.has(fault)) {
    return new GatewayError(
      fault,
      error.message || OPERATOR_SAFE_MESSAGES[fault] || 'The model refused this request.',
      { ...options, param: error.param, upstreamCode: codeFor(fault, error.code) },
    );
  }
  // Never the upstream's own words here: they may quote our key, our organization or its hosts.
  const words =
    (breakerEffect === 'ignore' && WORDS_FOR_ONE[fault]) ||
    OPERATOR_SAFE_MESSAGES[fault] ||
    'failed';
  return new GatewayError(fault, `Backend "${backend}" ${words}.`, {
    ...options,
    ...(fault === 'rate_limited' && error.type === 'tokens' && { limited: 'tokens' as const }),
  });
}

/** Those whose words are for the caller. */
const CALLERS: ReadonlySet<Fault> = new Set([
  'invalid_request',
  'unsupported_feature',
  'context_too_long',
  'content_filtered',
]);

/** The upstream's own code, where it is not a provider's word for what clients know by OpenAI's. */
function codeFor(fault: Fault, code: string | undefined): string | undefined {
  if (fault === 'context_too_long') return undefined;
  return fault === 'content_filtered' && code !== 'content_policy_violation' ? undefined : code;
}

const OPERATOR_SAFE_MESSAGES: Partial<Record<Fault, string>> = {
  context_too_long: 'The request is too long for this model.',
  rate_limited: 'limits the rate of requests at the moment',
  quota_exhausted: 'has no quota left',
  upstream_credentials: 'refused the API key that Sluice is configured with',
  upstream_model_missing: 'does not have the configured model',
  upstream_protocol: 'answered in an unexpected way',
  upstream_unavailable: 'is unavailable at the moment',
};

/** Where others may well be answered. */
const WORDS_FOR_ONE: Partial<Record<Fault, string>> = {
  rate_limited: 'takes fewer tokens in a minute than this request has',
  quota_exhausted: 'has too little credit left for this request: ask for fewer max_tokens',
};
