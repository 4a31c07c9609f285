import { describe, expect, it } from 'vitest';
import { ALL_FAULTS, type Fault } from './faults.js';
import { GatewayError } from './gateway-error.js';

describe('GatewayError', () => {
  it('gives every fault a status and an end reason', () => {
    for (const fault of ALL_FAULTS) {
      const { status, endReason } = new GatewayError(fault, 'x');
      expect(status).toBeGreaterThanOrEqual(400);
      expect(endReason).not.toBe('completed');
    }
  });

  it('tells clients not to retry what no retry cures', () => {
    const hopeless = ALL_FAULTS.filter(
      (fault) => new GatewayError(fault, 'x').shouldRetry === false,
    );
    expect(hopeless).toEqual([
      'budget_exhausted',
      'quota_exhausted',
      'upstream_credentials',
      'upstream_model_missing',
      'answer_too_large',
      'total_timeout',
      'operator_closed',
      'internal',
    ]);
  });

  it('tells clients to retry a rate limit only if the wait is one they keep', () => {
    expect(limited(60_000).shouldRetry).toBe(true);
    expect(limited(60_001).shouldRetry).toBe(false);
    const unavailable = new GatewayError('upstream_unavailable', 'x', { retryAfterMs: 60_001 });
    expect(unavailable.shouldRetry).toBe(false);
  });

  it("lets no other target answer for the caller's own mistakes", () => {
    const final = ALL_FAULTS.filter((fault) => !new GatewayError(fault, 'x').mayFallBack);
    expect(final).toEqual([
      'invalid_request',
      'content_filtered',
      'payload_too_large',
      'unsupported_encoding',
      'body_timeout',
      'unauthenticated',
      'access_unavailable',
      'permission_denied',
      'origin_not_allowed',
      'host_not_allowed',
      'model_not_found',
      'budget_exhausted',
      'draining',
      'stream_interrupted',
      'answer_too_large',
      'total_timeout',
      'slow_client',
      'client_closed',
      'operator_closed',
      'internal',
    ]);
  });

  it('says how long a caller had better wait: what an upstream said, else what is usual', () => {
    expect([waits('draining'), waits('overloaded'), waits('rate_limited')]).toEqual([
      250, 1000, 1000,
    ]);
    expect(waits('rate_limited', 7000)).toBe(7000);
    expect(waits('invalid_request', 7000)).toBeUndefined();
  });

  it('takes whatever else was thrown for a bug of ours, without its message', () => {
    const error = GatewayError.from(new TypeError('prompt text'));
    expect(error).toMatchObject({ fault: 'internal', status: 500 });
    expect(error.message).not.toContain('prompt text');
  });
});

function limited(retryAfterMs: number): GatewayError {
  return new GatewayError('rate_limited', 'x', { retryAfterMs });
}

function waits(fault: Fault, retryAfterMs?: number): number | undefined {
  return new GatewayError(fault, 'x', { retryAfterMs }).callerWaitMs;
}
