import type { Fault } from '../../../contract/faults.js';
import type { GatewayError } from '../../../contract/gateway-error.js';
import type { JsonObject } from '../../../contract/json.js';

/** Codes of `response.error` that its clients act on; every other failure is one of the server. */
const CODES: Readonly<Partial<Record<Fault, string>>> = {
  rate_limited: 'rate_limit_exceeded',
  budget_exhausted: 'insufficient_quota',
  quota_exhausted: 'insufficient_quota',
  context_too_long: 'context_length_exceeded',
  invalid_request: 'invalid_prompt',
  unsupported_feature: 'invalid_prompt',
  content_filtered: 'invalid_prompt',
};

/**
 * The `error` of a Response that failed. Codex reads the wait out of the sentence.
 * @see https://platform.openai.com/docs/api-reference/responses/object#responses/object-error
 */
export function responseError({ fault, message, callerWaitMs }: GatewayError): JsonObject {
  const isLimited = fault === 'rate_limited' && callerWaitMs !== undefined;
  const wait = isLimited ? ` Please try again in ${callerWaitMs / 1000}s.` : '';
  return { code: CODES[fault] ?? 'server_error', message: message + wait };
}
