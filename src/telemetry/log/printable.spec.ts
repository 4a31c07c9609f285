import { describe, expect, it } from 'vitest';
import { printable, printableWord } from './printable.js';

describe('a text on a terminal', () => {
  it.each([
    ['a line end', 'a\nb', 'a\\u000ab'],
    ['a return of the cursor', 'a\rb', 'a\\u000db'],
    ['an escape sequence', 'a\u001b[2Jb', 'a\\u001b[2Jb'],
    ['a sequence that begins with one byte', 'a\u009b2Jb', 'a\\u009b2Jb'],
    ['a line end of Unicode', 'a\u2028b', 'a\\u2028b'],
    ['a mark that turns the direction', 'a\u202eb', 'a\\u202eb'],
    ['a mark that nobody sees', 'a\u{e0001}b', 'a\\u{e0001}b'],
    ['half a character', 'a\ud800b', 'a\\ud800b'],
  ])('shows %s instead of doing it', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printableWord(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Cs}]/u);
  });

  it('is cut where it would fill the screen', () => {
    expect(printable('x'.repeat(10_000))).toHaveLength(501);
    expect(printableWord('x'.repeat(10_000))).toHaveLength(501);
  });

  it.each([
    ['gpt-4o', 'gpt-4o'],
    ['a  ← b', '"a  ← b"'],
    ['a"b', '"a\\"b"'],
    ['', '""'],
    ['größe', '"größe"'],
  ])('has quotes where it is not plainly one word: %s', (text, shown) => {
    expect(printableWord(text)).toBe(shown);
  });
});
