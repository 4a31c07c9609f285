import type { Fault } from '../../../contract/faults.js';
import type { GatewayError } from '../../../contract/gateway-error.js';
import type { JsonObject } from '../../../contract/json.js';
import type { FailureInfo, FailureResponse } from '../dialect.js';
import { failedAttempts } from '../failed-attempts.js';

/**
 * `error.type` and, where it is another than the fault's, the status: Anthropic's SDKs choose the
 * class of an error by the status.
 * @see https://platform.claude.com/docs/en/api/errors
 */
interface AnthropicWords {
  readonly type: string;
  readonly status?: number;
}

const mistake: AnthropicWords = { type: 'invalid_request_error' };
const failure: AnthropicWords = { type: 'api_error' };
const timeout: AnthropicWords = { type: 'timeout_error' };
/** Claude Code waits and tries again at this one. */
const busy: AnthropicWords = { type: 'overloaded_error', status: 529 };

const WORDS = {
  invalid_request: mistake,
  unsupported_feature: mistake,
  context_too_long: mistake,
  content_filtered: mistake,
  payload_too_large: { type: 'request_too_large' },
  unsupported_encoding: mistake,
  body_timeout: timeout,
  unauthenticated: { type: 'authentication_error' },
  access_unavailable: failure,
  permission_denied: { type: 'permission_error' },
  origin_not_allowed: { type: 'permission_error' },
  host_not_allowed: { type: 'permission_error' },
  model_not_found: { type: 'not_found_error' },
  rate_limited: { type: 'rate_limit_error' },
  budget_exhausted: { type: 'rate_limit_error' },
  quota_exhausted: { type: 'rate_limit_error' },
  upstream_credentials: failure,
  upstream_model_missing: failure,
  upstream_protocol: failure,
  upstream_cut: failure,
  upstream_unavailable: failure,
  overloaded: busy,
  draining: failure,
  stream_interrupted: failure,
  answer_too_large: failure,
  first_token_timeout: timeout,
  idle_timeout: timeout,
  total_timeout: timeout,
  slow_client: timeout,
  client_closed: failure,
  operator_closed: { type: 'permission_error' },
  internal: failure,
} as const satisfies Record<Fault, AnthropicWords>;

/** All that there are, for whoever documents them. */
export const ERROR_TYPES = [...new Set(Object.values(WORDS).map(({ type }) => type))];

/** What no row of the table knows: a path or a method that is not there is no fault of ours. */
const NOT_FOUND: AnthropicWords = { type: 'not_found_error' };

/** What an upstream said of the body, not of the prompt. */
const TOO_LARGE: AnthropicWords = { type: 'request_too_large', status: 413 };

function isTooLargeThere({ fault, upstream }: GatewayError): boolean {
  return fault === 'context_too_long' && upstream.status === 413;
}

/** The SDKs keep whatever wait they are told, without a bound of their own. */
const MAX_RETRY_AFTER_S = 60;

/**
 * The body of an error, in an answer and as the data of `event: error`. Anthropic's types are few:
 * beside them stand the fault's own name, the field that is wrong, and who was asked in vain.
 */
export function toAnthropicError(error: GatewayError, about: FailureInfo): JsonObject {
  const { fault: code, param } = error;
  const { type } = wordsFor(error, about.status);
  const attempts = failedAttempts(error, about.record);
  const message = messageOf(error);
  return {
    type: 'error',
    error: { type, message, code, ...(param && { param }), ...(attempts && { attempts }) },
    request_id: about.requestId,
  };
}

export function toAnthropicFailure(error: GatewayError, about: FailureInfo): FailureResponse {
  const { status } = wordsFor(error, about.status);
  return { body: toAnthropicError(error, about), status, headers: boundedWait(error) };
}

function wordsFor(error: GatewayError, status: number | undefined): AnthropicWords {
  if (error.fault === 'invalid_request' && status === 404) return NOT_FOUND;
  if (error.fault === 'upstream_unavailable' && error.upstream.status === 529) return busy;
  if (isTooLargeThere(error)) return TOO_LARGE;
  return WORDS[error.fault];
}

function boundedWait({ callerWaitMs = 0 }: GatewayError): Record<string, string> | undefined {
  if (callerWaitMs <= MAX_RETRY_AFTER_S * 1000) return undefined;
  return {
    'retry-after': String(MAX_RETRY_AFTER_S),
    'retry-after-ms': String(MAX_RETRY_AFTER_S * 1000),
  };
}

/**
 * Claude Code knows by these words what it may leave out, or that it has to make its conversation
 * shorter. An upstream of Anthropic's says the first by itself.
 * @see https://code.claude.com/docs/en/llm-gateway-protocol
 */
function messageOf(error: GatewayError): string {
  const { fault, message, param } = error;
  if (isTooLargeThere(error)) return message;
  if (fault === 'context_too_long' && !/^prompt is too long/i.test(message)) {
    return `prompt is too long: ${message} (capability_rejected: prompt_too_long)`;
  }
  if (fault === 'unsupported_feature' && param !== undefined) {
    return `${message} (capability_rejected: ${/^\w+/.exec(param)?.[0] ?? param})`;
  }
  return message;
}
