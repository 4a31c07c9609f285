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
    timeout.resume();
    vi.advanceTimersByTime(999);
    expect(expiredWith).toBeUndefined();
    vi.advanceTimersByTime(2);
    expect(expiredWith?.fault).toBe('idle_timeout');
  });

  it('does not count the time in which a slow caller kept us from reading', () => {
    timeout.resume();
    vi.advanceTimersByTime(100);
    timeout.pause();
    vi.advanceTimersByTime(60_000);
    timeout.resume();
    vi.advanceTimersByTime(899);
    expect(expiredWith).toBeUndefined();
    vi.advanceTimersByTime(2);
    expect(expiredWith).toBeDefined();
  });

  it('adds up waits that brought no content', () => {
    for (let ping = 0; ping < 4; ping += 1) {
      timeout.resume();
      vi.advanceTimersByTime(300);
      timeout.pause();
    }
    expect(expiredWith).toBeDefined();
  });

  it('begins anew with content', () => {
    for (let token = 0; token < 10; token += 1) {
      timeout.resume();
      vi.advanceTimersByTime(900);
      timeout.pause();
      timeout.restart();
    }
    expect(expiredWith).toBeUndefined();
  });

  it('never expires once it was stopped', () => {
    timeout.resume();
    timeout.stop();
    vi.advanceTimersByTime(60_000);
    expect(expiredWith).toBeUndefined();
  });
});
