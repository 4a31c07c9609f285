import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Period, windowAt } from '../window.js';
import { LocalStore } from './local-store.js';

const NOW = Date.UTC(2026, 10, 26, 12);

const periodOf = (name: string) => name.split(':').at(-1) as Period;

describe('LocalStore', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('keeps no more counts than it may, and forgets those used least', async () => {
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

  it.each([
    ['a day and a month of another one', 'caller:alice:tokens:day', 'caller:alice:usd:month'],
    ['a minute and a day of a model', 'model:m:tokens:minute', 'model:m:tokens:day'],
  ] as const)('forgets for a crowd of callers never %s', async (_, ...names) => {
    const store = new LocalStore(1000);
    const windows = names.map((name) => windowAt(name, periodOf(name), NOW));
    for (const window of windows) await store.add(window, 5000);
    for (let n = 0; n < 5000; n += 1) {
      for (const name of [`caller:2001:db8::${n}:tokens:day`, `caller:2001:db8::${n}:usd:month`]) {
        await store.add(windowAt(name, periodOf(name), NOW), name.includes('usd') ? 4999 : 1100);
      }
    }
    expect(store.size).toBeLessThanOrEqual(1000);
    for (const window of windows) expect(await store.add(window, 0)).toBe(5000);
  });

  it('forgets the minutes of a crowd before the least day of anybody', async () => {
    const store = new LocalStore(1000);
    const day = windowAt('caller:alice:tokens:day', 'day', NOW);
    await store.add(day, 1);
    for (let n = 0; n < 5000; n += 1) {
      await store.add(windowAt(`caller:address ${n}:tokens:minute`, 'minute', NOW), 1100);
    }
    expect(await store.add(day, 0)).toBe(1);
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
