import type { Fault } from '../../../contract/faults.js';
import type { GatewayError } from '../../../contract/gateway-error.js';
import type { FailureInfo } from '../dialect.js';
import { type FailedAttempt, failedAttempts } from '../failed-attempts.js';

/** `error.type` and `error.code`: clients act on them. */
interface OpenAiWords {
  readonly type: string;
  readonly code: string | null;
}

const mistake = (code: string | null): OpenAiWords => ({ type: 'invalid_request_error', code });
const failure = (code: string): OpenAiWords => ({ type: 'server_error', code });

const WORDS = {
  invalid_request: mistake(null),
  unsupported_feature: mistake('unsupported_feature'),
  context_too_long: mistake('context_length_exceeded'),
  content_filtered: mistake('content_filter'),
  payload_too_large: mistake('request_too_large'),
  unsupported_encoding: mistake('unsupported_encoding'),
  body_timeout: mistake('body_timeout'),
  unauthenticated: mistake('invalid_api_key'),
  access_unavailable: failure('access_unavailable'),
  permission_denied: mistake('permission_denied'),
  origin_not_allowed: mistake('origin_not_allowed'),
  host_not_allowed: mistake('host_not_allowed'),
  model_not_found: mistake('model_not_found'),
  rate_limited: { type: 'requests', code: 'rate_limit_exceeded' },
  budget_exhausted: { type: 'insufficient_quota', code: 'insufficient_quota' },
  quota_exhausted: { type: 'insufficient_quota', code: 'insufficient_quota' },
  upstream_credentials: failure('upstream_credentials'),
  upstream_model_missing: failure('upstream_model_missing'),
  upstream_protocol: failure('upstream_protocol'),
  upstream_cut: failure('upstream_cut'),
  upstream_unavailable: failure('upstream_unavailable'),
  overloaded: failure('overloaded'),
  draining: failure('draining'),
  stream_interrupted: failure('stream_interrupted'),
  answer_too_large: failure('answer_too_large'),
  first_token_timeout: failure('first_token_timeout'),
  idle_timeout: failure('idle_timeout'),
  total_timeout: failure('total_timeout'),
  slow_client: failure('slow_client'),
  client_closed: failure('client_closed'),
  operator_closed: mistake('operator_closed'),
  internal: failure('internal_error'),
} as const satisfies Record<Fault, OpenAiWords>;

const ALL_WORDS: readonly OpenAiWords[] = Object.values(WORDS);

/** What `error.code` may be, beside an upstream's own. */
export const OPENAI_ERROR_CODES = [...new Set(ALL_WORDS.flatMap(({ code }) => code ?? []))];
/** What `error.type` may be; `tokens` is of a limit of tokens. */
export const OPENAI_ERROR_TYPES = [...new Set([...ALL_WORDS.map(({ type }) => type), 'tokens'])];

/** The one error body of every route, in OpenAI's shape. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string | null;
    readonly param: string | null;
    readonly requestId: string;
    readonly attempts?: readonly FailedAttempt[];
  };
}

/** OpenAI's error body, with the request id and who was asked in vain. */
export function toOpenAiError(error: GatewayError, about: FailureInfo): ErrorBody {
  const { message, param = null, upstreamCode, limited } = error;
  const words = WORDS[error.fault];
  const type = limited ?? words.type;
  const code = upstreamCode ?? words.code;
  const attempts = failedAttempts(error, about.record);
  const { requestId } = about;
  return { error: { message, type, code, param, requestId, ...(attempts && { attempts }) } };
}
