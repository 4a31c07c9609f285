import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ShortLived } from './short-lived.js';

describe('A value that is kept for a minute', () => {
  let disposed: string[];
  let values: ShortLived<Disposable>;
  beforeEach(() => {
    vi.useFakeTimers();
    disposed = [];
    values = new ShortLived(60_000);
  });
  afterEach(() => vi.useRealTimers());

  const add = (id: string) => values.add(id, { [Symbol.dispose]: () => disposed.push(id) });

  it('is given away once, and not disposed of then', () => {
    add('a');
    expect([values.take('a') !== undefined, values.take('a')]).toEqual([true, undefined]);
    vi.advanceTimersByTime(120_000);
    expect(disposed).toEqual([]);
  });

  it('is disposed of when its time is over, though nobody asks', () => {
    add('a');
    vi.advanceTimersByTime(30_000);
    add('b');
    vi.advanceTimersByTime(30_000);
    expect(disposed).toEqual(['a']);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(30_000);
    expect(disposed).toEqual(['a', 'b']);
    expect(vi.getTimerCount()).toBe(0);
    add('c');
    vi.advanceTimersByTime(60_000);
    expect(disposed).toEqual(['a', 'b', 'c']);
  });

  it('is not given away when its time is over, however late the timer is', () => {
    add('a');
    const late = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    expect(values.take('a')).toBeUndefined();
    late.mockRestore();
    expect(disposed).toEqual(['a']);
  });
});
