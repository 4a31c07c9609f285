import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { windowAt } from '../window.js';
import { Debts } from './debts.js';
import { LocalStore } from './local-store.js';

describe('Debts', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 26, 12) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('forget minutes that are over: Redis may be away for long', () => {
    const debts = new Debts(new LocalStore());
    debts.owe(windowAt('caller:a:tokens:day', 'day', Date.now()), 1);
    for (let minute = 0; minute < 10_000; minute += 1) {
      vi.advanceTimersByTime(60_000 / 50);
      debts.owe(windowAt(`caller:${minute % 50}:tokens:minute`, 'minute', Date.now()), 1);
    }
    expect(debts.size).toBeLessThan(1500);
  });
});
