import { describe, expect, it } from 'vitest';
import { ALL_FAULTS, type Fault, FAULTS } from '../../../contract/faults.js';
import { GatewayError } from '../../../contract/gateway-error.js';
import { toAnthropicFailure } from './errors.js';

const ABOUT = { requestId: 'req-1' };

/** Anthropic's type of each fault, and its status where that is not the fault's. */
const EXPECTED: Readonly<Record<Fault, readonly [type: string, status?: number]>> = {
  invalid_request: ['invalid_request_error'],
  unsupported_feature: ['invalid_request_error'],
  context_too_long: ['invalid_request_error'],
  content_filtered: ['invalid_request_error'],
  payload_too_large: ['request_too_large'],
  unsupported_encoding: ['invalid_request_error'],
  body_timeout: ['timeout_error'],
  unauthenticated: ['authentication_error'],
  access_unavailable: ['api_error'],
  permission_denied: ['permission_error'],
  origin_not_allowed: ['permission_error'],
  host_not_allowed: ['permission_error'],
  model_not_found: ['not_found_error'],
  rate_limited: ['rate_limit_error'],
  budget_exhausted: ['rate_limit_error'],
  quota_exhausted: ['rate_limit_error'],
  upstream_credentials: ['api_error'],
  upstream_model_missing: ['api_error'],
  upstream_protocol: ['api_error'],
  upstream_cut: ['api_error'],
  upstream_unavailable: ['api_error'],
  overloaded: ['overloaded_error', 529],
  draining: ['api_error'],
  stream_interrupted: ['api_error'],
  answer_too_large: ['api_error'],
  first_token_timeout: ['timeout_error'],
  idle_timeout: ['timeout_error'],
  total_timeout: ['timeout_error'],
  slow_client: ['timeout_error'],
  client_closed: ['api_error'],
  operator_closed: ['permission_error'],
  internal: ['api_error'],
};

describe("a failure in Anthropic's words", () => {
  it.each(ALL_FAULTS)('has a type for %s that its SDK knows, and its status', (fault) => {
    const [type, status = FAULTS[fault].status] = EXPECTED[fault];
    const failure = toAnthropicFailure(new GatewayError(fault, 'What is wrong.'), ABOUT);
    expect(failure.body).toMatchObject({ type: 'error', error: { type, code: fault } });
    expect(failure.status ?? FAULTS[fault].status).toBe(status);
  });

  it('is a 529 where the upstream said so', () => {
    const error = new GatewayError('upstream_unavailable', 'x', { upstream: { status: 529 } });
    expect(toAnthropicFailure(error, ABOUT)).toMatchObject({
      status: 529,
      body: { error: { type: 'overloaded_error' } },
    });
  });

  it('is a 413 where the upstream said so, in its own words', () => {
    const upstream = { status: 413 };
    const error = new GatewayError('context_too_long', 'Too large.', { upstream });
    expect(toAnthropicFailure(error, ABOUT)).toMatchObject({
      status: 413,
      body: { error: { type: 'request_too_large', message: 'Too large.' } },
    });
  });

  it('tells nobody to wait for more than a minute: the SDK would', () => {
    const error = new GatewayError('rate_limited', 'x', { retryAfterMs: 3_600_000 });
    expect(toAnthropicFailure(error, ABOUT).headers).toEqual({
      'retry-after': '60',
      'retry-after-ms': '60000',
    });
    const soon = new GatewayError('rate_limited', 'x', { retryAfterMs: 60_000 });
    expect(toAnthropicFailure(soon, ABOUT).headers).toBeUndefined();
  });

  it.each([
    [
      'The request is too long.',
      'prompt is too long: The request is too long. (capability_rejected: prompt_too_long)',
    ],
    [
      'prompt is too long: 215000 tokens > 200000 maximum',
      'prompt is too long: 215000 tokens > 200000 maximum',
    ],
  ])('says that the prompt is too long in the words that Claude Code knows: %s', (said, told) => {
    expect(messageOf(new GatewayError('context_too_long', said))).toBe(told);
  });

  it('says which capability a target lacks', () => {
    const error = new GatewayError('unsupported_feature', 'No.', { param: 'tools[0].type' });
    expect(messageOf(error)).toBe('No. (capability_rejected: tools)');
  });
});

function messageOf(error: GatewayError): unknown {
  const { body } = toAnthropicFailure(error, ABOUT);
  return (body as { error: { message: string } }).error.message;
}
