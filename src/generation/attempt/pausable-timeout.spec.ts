import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../contract/gateway-error.js';
import { PausableTimeout } from './pausable-timeout.js';

describe('A deadline', () => {
  let passed: GatewayError | undefined;
  let deadline: PausableTimeout;

  beforeEach(() => {
    vi.useFakeTimers();
    passed = undefined;
    deadline = new PausableTimeout((error) => (passed = error));
    deadline.start(1000, () => new GatewayError('idle_timeout', 'silent'));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('passes after so much waiting for the upstream', () => {
    deadline.resume();
    vi.advanceTimersByTime(999);
    expect(passed).toBeUndefined();
    vi.advanceTimersByTime(2);
    expect(passed?.fault).toBe('idle_timeout');
    expect(deadline.expired).toBe(true);
  });

  it('does not count the time in which a slow caller kept us from reading', () => {
    deadline.resume();
    vi.advanceTimersByTime(100);
    deadline.pause();
    vi.advanceTimersByTime(60_000);
    deadline.resume();
    vi.advanceTimersByTime(899);
    expect(passed).toBeUndefined();
    vi.advanceTimersByTime(2);
    expect(passed).toBeDefined();
  });

  it('adds up waits that brought no content', () => {
    for (let ping = 0; ping < 4; ping += 1) {
      deadline.resume();
      vi.advanceTimersByTime(300);
      deadline.pause();
    }
    expect(passed).toBeDefined();
  });

  it('begins anew with content', () => {
    for (let token = 0; token < 10; token += 1) {
      deadline.resume();
      vi.advanceTimersByTime(900);
      deadline.pause();
      deadline.restart();
    }
    expect(passed).toBeUndefined();
  });

  it('never passes once it was stopped', () => {
    deadline.resume();
    deadline.stop();
    vi.advanceTimersByTime(60_000);
    expect(passed).toBeUndefined();
  });
});
