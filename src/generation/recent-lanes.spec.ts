import { describe, expect, it } from 'vitest';
import { RecentLanes } from './recent-lanes.js';

describe('RecentLanes', () => {
  it('tells one lane from several', () => {
    expect(after().areSeveral).toBe(false);
    expect(after(['a', 0], ['a', 1]).areSeveral).toBe(false);
    expect(after(['a', 0], ['b', 1], ['b', 2]).areSeveral).toBe(true);
  });

  it('forgets what has left the window', () => {
    expect(after(['a', 0], ['b', 1000]).areSeveral).toBe(false);
    expect(after(['a', 0], ['b', 1], ['a', 1000]).areSeveral).toBe(true);
  });

  it('knows another lane than the one that asks', () => {
    const lanes = after(['a', 0], ['b', 1], ['b', 2]);
    expect([lanes.hasOther('a'), lanes.hasOther('b'), lanes.hasOther('c')]).toEqual([
      true,
      true,
      true,
    ]);
    expect(after(['a', 0]).hasOther('a')).toBe(false);
    expect(after(['a', 0], ['b', 1000]).hasOther('b')).toBe(false);
  });
});

/** With what it has seen. */
function after(...seen: readonly (readonly [lane: string, at: number])[]): RecentLanes {
  let nowMs = 0;
  const lanes = new RecentLanes(1000, () => nowMs);
  for (const [lane, at] of seen) {
    nowMs = at;
    lanes.add(lane);
  }
  return lanes;
}
