import { describe, expect, it } from 'vitest';
import { isDeep } from './json-depth.js';

const lists = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('isDeep', () => {
  it.each([
    ['1,000 levels', lists(1000), false],
    ['1,001 levels', lists(1001), true],
    ['1,001 levels that are never closed', '[{"a":'.repeat(501), true],
    ['levels beside each other', `[${`${lists(900)},`.repeat(9)}1]`, false],
    ['brackets in a text', `["${'['.repeat(5000)}"]`, false],
    ['brackets behind an escaped quote', `["\\"${'['.repeat(5000)}"]`, false],
    ['brackets behind a text that ends in a backslash', `["\\\\",${lists(1000)}]`, true],
    ['brackets in a text without an end', `["${'\\"['.repeat(5000)}`, false],
  ])('knows %s', (_, json, deep) => {
    expect(isDeep(json)).toBe(deep);
  });
});
