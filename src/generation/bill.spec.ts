import { describe, expect, it } from 'vitest';
import type { AttemptRecord, Bill, Price } from '../contract/generation.js';
import { billOf, totalUsd } from './bill.js';

const PRICE: Price = { input: 2, cachedInput: 0.5, cacheWrite: 2.5, output: 10 };

function attempt(fields: Partial<AttemptRecord>): AttemptRecord {
  return {
    backend: 'openai',
    model: 'gpt',
    outcome: 'ok',
    durationMs: 1,
    contentParts: 0,
    price: PRICE,
    ...fields,
  };
}

function usdOf(...attempts: Partial<AttemptRecord>[]): number | undefined {
  return totalUsd(billOf(attempts.map(attempt)));
}

/** Its tokens alone. */
function tokensOf(...attempts: Partial<AttemptRecord>[]): Omit<Bill, 'costsUsd'> {
  const { costsUsd: _, ...tokens } = billOf(attempts.map(attempt));
  return tokens;
}

describe('the bill of a generation', () => {
  it('has what was reported, at the price of its target', () => {
    const usage = { input: 1000, output: 100, reasoning: 40 };
    expect(usdOf({ usage })).toBe(0.003);
    expect(tokensOf({ usage })).toEqual({
      input: { tokens: 1000, source: 'reported' },
      output: { tokens: 100, source: 'reported' },
      reasoning: 40,
    });
  });

  it('has cached and written input at prices of their own, as parts of the input', () => {
    const usage = { input: 1000, cachedInput: 600, cacheWrite: 300, output: 0 };
    expect(usdOf({ usage })).toBe(0.00125);
  });

  it('has cached and written input at the price of other input where they have none', () => {
    const price = { input: 2, output: 10 };
    const usage = { input: 1000, cachedInput: 600, cacheWrite: 300, output: 0 };
    expect(usdOf({ usage, price })).toBe(0.002);
  });

  it('is never negative where counts contradict each other', () => {
    const usage = { input: 100, cachedInput: 600, cacheWrite: 300, output: 0 };
    expect(usdOf({ usage })).toBe(0.00005);
  });

  it('has the parts that came where nothing was reported, and no input', () => {
    expect(usdOf({ outcome: 'upstream_cut', contentParts: 7 })).toBe(0.00007);
    expect(tokensOf({ contentParts: 7 })).toEqual({ output: { tokens: 7, source: 'counted' } });
  });

  it('has the prompt that another attempt reported for one that broke off, at its own price', () => {
    const dear = { input: 20, output: 100 };
    const broken = { outcome: 'upstream_cut' as const, contentParts: 5, price: dear };
    const whole = { backend: 'ollama', usage: { input: 10, output: 8 } };
    const { costsUsd, ...tokens } = billOf([broken, whole].map(attempt));
    expect([...costsUsd]).toEqual([
      ['openai', 0.0007],
      ['ollama', 0.0001],
    ]);
    expect(tokens).toEqual({
      input: { tokens: 20, source: 'counted' },
      output: { tokens: 13, source: 'counted' },
    });
  });

  it('has nothing of attempts that nothing is known of', () => {
    expect(usdOf({ outcome: 'upstream_unavailable' }, { outcome: 'cancelled' })).toBeUndefined();
    expect(usdOf({ usage: {} })).toBeUndefined();
    const usage = { input: 10, output: 8 };
    expect(tokensOf({ outcome: 'rate_limited' }, { usage })).toEqual(tokensOf({ usage }));
  });

  it('has the priced attempts alone where others have no price', () => {
    const usage = { input: 10, output: 8 };
    expect(usdOf({ usage, price: undefined })).toBeUndefined();
    expect(usdOf({ usage, price: undefined }, { usage })).toBe(0.0001);
  });

  it('knows a price of 0 from none', () => {
    const usage = { input: 10, output: 8 };
    expect(usdOf({ usage, price: { input: 0, output: 0 } })).toBe(0);
  });

  it('has no dust of binary fractions', () => {
    const usage = { input: 3, output: 0 };
    expect(usdOf({ usage, price: { input: 0.1, output: 0.1 } })).toBe(3e-7);
  });
});
