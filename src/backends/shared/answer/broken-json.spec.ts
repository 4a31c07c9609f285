import { describe, expect, it } from 'vitest';
import { closedJson } from './broken-json.js';

const LONG = `${'word '.repeat(500)}half`;

describe('closedJson', () => {
  it.each([
    ['{"a":{"b":"x"},"c":"hal', { a: { b: 'x' } }],
    ['{"a":["x",{"b":1},{"c":tru', { a: ['x', { b: 1 }] }],
    ['{"a":[1,2', { a: [1] }],
    ['{"a":"\\"},{","b":"\\\\","c', { a: '"},{', b: '\\' }],
    ['{"a":1}{"b":2', { a: 1 }],
    [`[{"a":"${LONG}`, [{ a: LONG.slice(0, -5) }]],
    [`{"a":1,"${LONG}`, { a: 1 }],
    [`{"a":1,"b":"${'x'.repeat(3000)}`, { a: 1 }],
    ['{"a"', undefined],
    ['[]]', undefined],
    ['no, {"a":1}', undefined],
    ['', undefined],
  ])('closes %s behind its last whole value, or within a long text', (text, json) => {
    expect(closedJson(text)).toEqual(json);
  });

  it('takes linear time', () => {
    for (const piece of ['"', '\\"', '{', '[{"', '"\\', ',', ']', '"a":', '{"a":[1,']) {
      for (const text of [`{${piece.repeat(64 * 1024)}`, `{"${piece.repeat(64 * 1024)}`]) {
        const startedAt = process.cpuUsage();
        closedJson(text);
        // Quadratic it would be minutes.
        expect(process.cpuUsage(startedAt).user).toBeLessThan(5_000_000);
      }
    }
  });
});
