import type { Fault } from '../../src/contract/faults.js';

/** Where OpenAI's word is another than ours. */
const CODES: Partial<Record<Fault, string | null>> = {
  invalid_request: null,
  context_too_long: 'context_length_exceeded',
  content_filtered: 'content_filter',
  payload_too_large: 'request_too_large',
  unauthenticated: 'invalid_api_key',
  access_unavailable: 'access_unavailable',
  permission_denied: 'permission_denied',
  rate_limited: 'rate_limit_exceeded',
  budget_exhausted: 'insufficient_quota',
  quota_exhausted: 'insufficient_quota',
  internal: 'internal_error',
};

/** `error.code` of a fault, in both of OpenAI's dialects. */
export function openAiCodeOf(fault: Fault): string | null {
  return fault in CODES ? (CODES[fault] ?? null) : fault;
}
