import { describe, expect, it } from 'vitest';
import { windowAt } from './window.js';

const NOON = Date.UTC(2026, 11, 31, 12);

describe('windowAt', () => {
  it('has days and months of UTC, also over the end of a year', () => {
    const midnight = Date.UTC(2027, 0, 1);
    expect(windowAt('n', 'day', NOON)).toMatchObject({ key: 'n:2026-12-31', endsAt: midnight });
    expect(windowAt('n', 'month', NOON)).toMatchObject({ key: 'n:2026-12', endsAt: midnight });
    expect(windowAt('n', 'day', midnight).key).toBe('n:2027-01-01');
    expect(windowAt('n', 'month', midnight - 1).key).toBe('n:2026-12');
  });

  it('has minutes that follow one another without a gap', () => {
    const { key, endsAt } = windowAt('n', 'minute', NOON);
    expect(windowAt('n', 'minute', endsAt - 1)).toMatchObject({ key, endsAt });
    const next = windowAt('n', 'minute', endsAt);
    expect(next.endsAt).toBe(endsAt + 60_000);
    expect(next.key).not.toBe(key);
  });

  it('begins minutes of different names at different times: they must not all come back together', () => {
    const ends = Array.from(
      { length: 60 },
      (_, n) => windowAt(`caller ${n}`, 'minute', NOON).endsAt - NOON,
    );
    expect(Math.min(...ends)).toBeLessThan(10_000);
    expect(Math.max(...ends)).toBeGreaterThan(50_000);
  });
});
