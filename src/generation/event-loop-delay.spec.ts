import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventLoopDelay } from './event-loop-delay.js';

/** What the timer is armed with. */
const EVERY_MS = 50;

describe('EventLoopDelay', () => {
  let now: number;
  let delay: EventLoopDelay;
  beforeEach(() => {
    vi.useFakeTimers();
    now = 1000;
    delay = new EventLoopDelay(() => now);
    delay.onApplicationBootstrap();
  });
  afterEach(() => {
    delay.onApplicationShutdown();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  /** Turns of `ms` each, behind each of which the timer has its turn. */
  function turns(count: number, ms: number): void {
    for (let turn = 0; turn < count; turn += 1) {
      now += ms;
      vi.advanceTimersByTime(EVERY_MS);
    }
  }

  it('never says too slow while turns are short', () => {
    turns(1000, 51);
    turns(1000, 250);
    expect(delay.isTooSlow).toBe(false);
  });

  it('says too slow after five seconds of long turns, not before', () => {
    turns(20, 251);
    expect(delay.isTooSlow).toBe(false);
    turns(1, 251);
    expect(delay.isTooSlow).toBe(true);
  });

  it('takes it back at the first short turn, and needs five seconds to say it again', () => {
    turns(30, 300);
    expect(delay.isTooSlow).toBe(true);
    turns(1, 60);
    expect(delay.isTooSlow).toBe(false);
    turns(16, 300);
    expect(delay.isTooSlow).toBe(false);
    turns(2, 300);
    expect(delay.isTooSlow).toBe(true);
  });

  it('ignores a single long turn, however long: that was one piece of work, or a stopped process', () => {
    turns(1, 60_000);
    expect(delay.isTooSlow).toBe(false);
    turns(1, 60_000);
    expect(delay.isTooSlow).toBe(true);
  });

  it('is free until now while turns are short', () => {
    turns(10, 60);
    expect(delay.freeUntil(now + 60)).toBe(now + 60);
  });

  it('was free until its timer was due, for work that a long turn has kept waiting', () => {
    turns(1, EVERY_MS);
    const dueAt = now + EVERY_MS;
    expect(delay.freeUntil(now + 300)).toBe(dueAt);
    now += 300;
    vi.advanceTimersToNextTimer();
    expect(delay.freeUntil(now + 1)).toBe(dueAt);
    // The turn is over.
    vi.advanceTimersToNextTimer();
    expect(delay.freeUntil(now + 1)).toBe(now + 1);
  });

  it('says nothing any more once the application is down', () => {
    turns(30, 300);
    delay.onApplicationShutdown();
    expect(delay.isTooSlow).toBe(false);
    expect(delay.freeUntil(now + 300)).toBe(now + 300);
  });
});
