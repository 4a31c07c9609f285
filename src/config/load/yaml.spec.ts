import { describe, expect, it } from 'vitest';
import { parseYaml } from './yaml.js';

const tens = (name: string) => `[${Array.from({ length: 10 }, () => name).join(', ')}]`;

describe('reading YAML', () => {
  it('yields what the text says', () => {
    expect(parseYaml('a: [1, true, 10m]\n2: ${B}')).toMatchObject({
      value: { a: [1, true, '10m'], 2: '${B}' },
      faults: [],
    });
  });

  it('yields null for a text without content', () => {
    expect(parseYaml('# nothing yet\n').value).toBeNull();
  });

  it('says where a fault is, once for each line', () => {
    const text = 'server:\n  host: "x\nmodels: ]\n';
    const { faults } = parseYaml(text);
    const lines = faults.map(({ line }) => line);
    expect(lines.length).toBeGreaterThan(0);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it.each([
    ['a: b: c', 1, 4, 'a text with ": " in it needs quotes'],
    ['a: 1\na: 2', 2, 1, 'this key is there already'],
    ['a:\n\tb: 1', 2, 1, 'indented with spaces'],
    ['a: @b', 1, 4, 'needs quotes'],
    ['a: "b', 1, 6, 'a quote, a bracket, a comma or a colon is missing'],
    ['a: *b', 1, 4, 'a text that starts with "*" needs quotes'],
    ['a: !ENV b', 1, 4, 'tags (!name) are not supported'],
    ['a: 1\n---\nb: 1', 2, 1, 'only one document'],
    ['[a]: 1', 1, 1, 'a key must be a text'],
    ['a: { b: ${C} }', 1, 10, 'inside { } and [ ] a ${…} needs quotes'],
  ])('explains %j', (text, line, column, words) => {
    expect(parseYaml(text).faults[0]).toEqual({
      line,
      column,
      message: expect.stringContaining(words),
    });
  });

  it('stops aliases that multiply beyond reason', () => {
    const text = `a: &a ${tens('x')}\nb: &b ${tens('*a')}\nc: &c ${tens('*b')}\nd: ${tens('*c')}`;
    expect(parseYaml(text).faults[0]?.message).toContain('multiply beyond reason');
  });

  it.each(['a: "hush\\q"', 'a: *hush', 'a: !hush b', 'hush: 1\nhush: 2', '%hush\n---\na: hush: b'])(
    'never quotes the text: %j',
    (text) => {
      const { faults } = parseYaml(text);
      expect(faults).not.toEqual([]);
      expect(JSON.stringify(faults)).not.toContain('hush');
    },
  );
});
