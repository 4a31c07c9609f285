import { describe, expect, it } from 'vitest';
import { RecentFlows } from './recent-flows.js';

describe('RecentFlows', () => {
  it('tells one flow from several', () => {
    expect(after().areSeveral).toBe(false);
    expect(after(['a', 0], ['a', 1]).areSeveral).toBe(false);
    expect(after(['a', 0], ['b', 1], ['b', 2]).areSeveral).toBe(true);
  });

  it('forgets what has left the window', () => {
    expect(after(['a', 0], ['b', 1000]).areSeveral).toBe(false);
    expect(after(['a', 0], ['b', 1], ['a', 1000]).areSeveral).toBe(true);
  });

  it('knows another flow than the one that asks', () => {
    const flows = after(['a', 0], ['b', 1], ['b', 2]);
    expect([flows.hasOther('a'), flows.hasOther('b'), flows.hasOther('c')]).toEqual([
      true,
      true,
      true,
    ]);
    expect(after(['a', 0]).hasOther('a')).toBe(false);
    expect(after(['a', 0], ['b', 1000]).hasOther('b')).toBe(false);
  });
});

/** With what it has seen. */
function after(...seen: readonly (readonly [flow: string, at: number])[]): RecentFlows {
  let nowMs = 0;
  const flows = new RecentFlows(1000, () => nowMs);
  for (const [flow, at] of seen) {
    nowMs = at;
    flows.add(flow);
  }
  return flows;
}
