import { describe, expect, it } from 'vitest';
import { estimate, usedAtMost } from './estimate.js';

const PRICE = { input: 2, output: 15 };
const outputOf = (maxTokens: number | undefined, maxOutputTokens?: number) =>
  estimate(400, { messages: [], sampling: { maxTokens } }, maxOutputTokens, [PRICE]);

describe('estimate', () => {
  it.each([
    ['nothing', undefined, 1000],
    ['something', 50, 50],
    ['0, which is "no limit" to some servers', 0, 1000],
    ['less than 0, too', -1, 1000],
    ['more than any model writes', 1e9, 128_000],
    ['a number that no count can hold', 1e300, 128_000],
  ])('takes an answer that is asked for with %s to be so long', (_, asked, output) => {
    const estimated = outputOf(asked);
    expect(estimated).toMatchObject({ input: 100, output });
    const { tokens, usd } = usedAtMost(estimated);
    expect(tokens).toBe(100 + output);
    expect(usd).toBeCloseTo((100 * 2 + output * 15) / 1e6);
  });

  it('takes it to be no longer than its caller may let a model write', () => {
    expect(outputOf(5000, 200).output).toBe(200);
    // That is what is sent where a caller says nothing.
    expect(outputOf(undefined, 4000).output).toBe(4000);
    expect(outputOf(undefined, 1e9).output).toBe(128_000);
  });

  it.each([undefined, 0, -1])(
    'takes it to be as long as its caller may let a model write, which is what is sent for %s',
    (asked) => {
      expect(outputOf(asked, 4096).output).toBe(4096);
      expect(outputOf(asked, 200).output).toBe(200);
      expect(outputOf(asked, 1e9).output).toBe(128_000);
    },
  );

  it('takes less where less is asked for', () => {
    expect(outputOf(50, 4096).output).toBe(50);
  });
});
