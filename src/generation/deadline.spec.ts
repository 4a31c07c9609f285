import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../contract/gateway-error.js';
import { Deadline } from './deadline.js';

describe('A deadline', () => {
  let passed: GatewayError | undefined;
  let deadline: Deadline;

  beforeEach(() => {
    vi.useFakeTimers();
    passed = undefined;
    deadline = new Deadline((error) => (passed = error));
    deadline.start(1000, () => new GatewayError('idle_timeout', 'silent'));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('passes after so much waiting for the upstream', () => {
    deadline.waits();
    vi.advanceTimersByTime(999);
    expect(passed).toBeUndefined();
    vi.advanceTimersByTime(2);
    expect(passed?.fault).toBe('idle_timeout');
    expect(deadline.passed).toBe(true);
  });

  it('does not count the time in which a slow caller kept us from reading', () => {
    deadline.waits();
    vi.advanceTimersByTime(100);
    deadline.waited();
    vi.advanceTimersByTime(60_000);
    deadline.waits();
    vi.advanceTimersByTime(899);
    expect(passed).toBeUndefined();
    vi.advanceTimersByTime(2);
    expect(passed).toBeDefined();
  });

  it('adds up waits that brought no content', () => {
    for (let ping = 0; ping < 4; ping += 1) {
      deadline.waits();
      vi.advanceTimersByTime(300);
      deadline.waited();
    }
    expect(passed).toBeDefined();
  });

  it('begins anew with content', () => {
    for (let token = 0; token < 10; token += 1) {
      deadline.waits();
      vi.advanceTimersByTime(900);
      deadline.waited();
      deadline.restart();
    }
    expect(passed).toBeUndefined();
  });

  it('never passes once it was stopped', () => {
    deadline.waits();
    deadline.stop();
    vi.advanceTimersByTime(60_000);
    expect(passed).toBeUndefined();
  });
});
