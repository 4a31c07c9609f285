import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { windowAt } from '../window.js';
import { LocalStore } from './local-store.js';

const NOW = Date.UTC(2026, 10, 26, 12);

describe('LocalStore', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('keeps no more counts than it may, and forgets those used longest ago', async () => {
    const store = new LocalStore(100);
    const used = windowAt('used', 'day', NOW);
    for (let n = 0; n < 1000; n += 1) {
      await store.add(windowAt(`address ${n}`, 'day', NOW), 1);
      await store.add(used, 1);
    }
    expect(store.size).toBeLessThanOrEqual(100);
    expect(await store.add(used, 0)).toBe(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('forgets what is over before what is not', async () => {
    const store = new LocalStore(2000);
    const month = windowAt('idle', 'month', NOW);
    await store.add(month, 7);
    for (let minute = 0; minute < 5000; minute += 1) {
      vi.setSystemTime(NOW + (minute * 60_000) / 50);
      await store.add(windowAt(`caller ${minute % 50}`, 'minute', Date.now()), 1);
    }
    expect(await store.add(month, 0)).toBe(7);
  });

  it('keeps a month, which is longer than a timer', async () => {
    const store = new LocalStore();
    const first = Date.UTC(2026, 11, 1);
    vi.setSystemTime(first);
    await store.add(windowAt('n', 'month', first), 5);
    vi.advanceTimersByTime(30 * 86_400_000);
    expect(await store.add(windowAt('n', 'month', Date.now()), 1)).toBe(6);
  });

  it('gives nothing back to a count that is gone', async () => {
    const store = new LocalStore();
    expect(await store.add(windowAt('n', 'day', NOW), -5)).toBe(0);
    expect(await store.add(windowAt('n', 'day', NOW), 1)).toBe(1);
  });

  it('releases a lease once, and only one that it gave', async () => {
    const store = new LocalStore();
    expect(await store.acquire('n', 'one', 1)).toBe(true);
    expect(await store.acquire('n', 'two', 1)).toBe(false);
    await store.release('n', 'two');
    expect(await store.acquire('n', 'three', 1)).toBe(false);
    await store.release('n', 'one');
    await store.release('n', 'one');
    expect(await store.acquire('n', 'three', 1)).toBe(true);
    await store.release('n', 'three');
    expect(store.leases.size).toBe(0);
  });
});
