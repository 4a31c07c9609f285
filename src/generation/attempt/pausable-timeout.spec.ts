import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../contract/gateway-error.js';
import { PausableTimeout } from './pausable-timeout.js';

describe('PausableTimeout', () => {
  let expiredWith: GatewayError | undefined;
  let timeout: PausableTimeout;

  beforeEach(() => {
    vi.useFakeTimers();
    expiredWith = undefined;
    timeout = new PausableTimeout((error) => (expiredWith = error));
    timeout.start(1000, () => new GatewayError('idle_timeout', 'silent'));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('expires after so much waiting for the upstream', () => {
    timeout.resume(performance.now());
    vi.advanceTimersByTime(999);
    expect(expiredWith).toBeUndefined();
    vi.advanceTimersByTime(2);
    expect(expiredWith?.fault).toBe('idle_timeout');
  });

  it('does not count the time in which a slow caller kept us from reading', () => {
    timeout.resume(performance.now());
    vi.advanceTimersByTime(100);
    timeout.pause(performance.now());
    vi.advanceTimersByTime(60_000);
    timeout.resume(performance.now());
    vi.advanceTimersByTime(899);
    expect(expiredWith).toBeUndefined();
    vi.advanceTimersByTime(2);
    expect(expiredWith).toBeDefined();
  });

  it('adds up waits that brought no content', () => {
    for (let ping = 0; ping < 4; ping += 1) {
      timeout.resume(performance.now());
      vi.advanceTimersByTime(300);
      timeout.pause(performance.now());
    }
    expect(expiredWith).toBeDefined();
  });

  it('begins anew with content', () => {
    for (let token = 0; token < 10; token += 1) {
      timeout.resume(performance.now());
      vi.advanceTimersByTime(900);
      timeout.pause(performance.now());
      timeout.restart();
    }
    expect(expiredWith).toBeUndefined();
  });

  it('never expires once it was stopped', () => {
    timeout.resume(performance.now());
    timeout.stop();
    vi.advanceTimersByTime(60_000);
    expect(expiredWith).toBeUndefined();
  });
});
