import { describe, expect, it } from 'vitest';
import { matchesAny } from './model-globs.js';

describe('matchesAny', () => {
  it.each([
    ['gpt-4o', 'gpt-4o'],
    ['*', 'gpt-4o'],
    ['*', ''],
    ['gpt-*', 'gpt-4o'],
    ['gpt-*', 'gpt-'],
    ['*-mini', 'gpt-4o-mini'],
    ['team/*', 'team/a/b'],
    ['a*b*c', 'axxbxxc'],
    ['a*b*c', 'abbc'],
    ['a*ab', 'aab'],
  ])('takes %s to stand for %s', (glob, text) => {
    expect(matchesAny([glob], text)).toBe(true);
  });

  it.each([
    ['gpt-4o', 'gpt-4o-mini'],
    ['gpt-4o', 'GPT-4o'],
    ['gpt-*', 'xgpt-4o'],
    ['*-mini', 'gpt-4o-mini-2'],
    ['a*b*c', 'acb'],
    ['a*ab', 'ab'],
    ['a*a', 'a'],
    ['gpt.4o', 'gpt-4o'],
  ])('does not take %s to stand for %s', (glob, text) => {
    expect(matchesAny([glob], text)).toBe(false);
  });

  it('needs one of them, and takes a time that does not grow with their stars', () => {
    expect(matchesAny(['llama*', 'gpt-*'], 'gpt-4o')).toBe(true);
    expect(matchesAny([], 'gpt-4o')).toBe(false);
    expect(matchesAny(['a*'.repeat(1000) + 'b'], 'a'.repeat(100_000))).toBe(false);
  });
});
