import { describe, expect, it } from 'vitest';
import { ALL_FAULTS, type Fault } from '../../contract/faults.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { retryDelayMs } from './retry-delay.js';

const SETTINGS = { limit: 3, baseDelayMs: 250, maxDelayMs: 600, maxRetryAfterMs: 1000 };
const failed = (fault: Fault, retryAfterMs?: number) =>
  new GatewayError(fault, 'x', retryAfterMs === undefined ? {} : { retryAfterMs });
const longest = () => 1;

describe('retryDelayMs', () => {
  it('is drawn from 0 to a limit that doubles, up to maxDelayMs', () => {
    const delays = [0, 1, 2].map((retries) =>
      retryDelayMs(failed('upstream_unavailable'), retries, SETTINGS, longest),
    );
    expect(delays).toEqual([250, 500, 600]);
    expect(retryDelayMs(failed('upstream_unavailable'), 0, SETTINGS, () => 0)).toBe(0);
  });

  it('is nothing once the limit is reached', () => {
    expect(retryDelayMs(failed('upstream_unavailable'), 3, SETTINGS)).toBeUndefined();
    expect(
      retryDelayMs(failed('upstream_unavailable'), 0, { ...SETTINGS, limit: 0 }),
    ).toBeUndefined();
  });

  it('is exactly the Retry-After where that may be waited out, and nothing where it may not', () => {
    expect(retryDelayMs(failed('rate_limited', 1000), 0, SETTINGS)).toBe(1000);
    expect(retryDelayMs(failed('rate_limited', 1001), 0, SETTINGS)).toBeUndefined();
    expect(retryDelayMs(failed('upstream_unavailable', 700), 2, SETTINGS)).toBe(700);
  });

  it('is that of any other failure for a 429 without a time', () => {
    expect(retryDelayMs(failed('rate_limited'), 0, SETTINGS, longest)).toBe(250);
  });

  it('is nothing for a target that stayed silent', () => {
    const silent = new GatewayError('upstream_unavailable', 'x', { silent: true });
    expect(retryDelayMs(silent, 0, SETTINGS)).toBeUndefined();
  });

  it('is nothing for whatever would fail again', () => {
    const retried = ALL_FAULTS.filter((fault) => retryDelayMs(failed(fault), 0, SETTINGS) != null);
    expect(retried).toEqual(['rate_limited', 'upstream_cut', 'upstream_unavailable']);
  });
});
