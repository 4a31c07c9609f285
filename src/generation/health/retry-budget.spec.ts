import { beforeEach, describe, expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.js';

describe('RetryBudget', () => {
  let nowMs: number;
  let budget: RetryBudget;
  beforeEach(() => {
    nowMs = 1_000_000;
    budget = new RetryBudget({ ratio: 0.2, minRetries: 10 }, () => nowMs);
  });

  /** How many more are allowed right now. */
  function taken(): number {
    let n = 0;
    while (budget.tryAcquire()) n += 1;
    return n;
  }

  it('allows its minimum, also where nothing was asked for', () => {
    expect(taken()).toBe(10);
  });

  it('allows its share of what was asked for, where that is more', () => {
    for (let n = 0; n < 100; n += 1) budget.countRequest();
    expect(taken()).toBe(20);
    expect(taken()).toBe(0);
  });

  it('forgets requests and extras after 30 s', () => {
    for (let n = 0; n < 100; n += 1) budget.countRequest();
    expect(taken()).toBe(20);
    nowMs += 30_000;
    expect(taken()).toBe(10);
  });

  it('remembers both for most of the 30 s', () => {
    for (let n = 0; n < 100; n += 1) budget.countRequest();
    nowMs += 26_000;
    expect(taken()).toBe(20);
    nowMs += 26_000;
    expect(taken()).toBe(0);
  });

  it('allows nothing where both are 0', () => {
    expect(new RetryBudget({ ratio: 0, minRetries: 0 }).tryAcquire()).toBe(false);
  });
});
