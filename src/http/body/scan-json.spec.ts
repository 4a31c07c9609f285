import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../contract/gateway-error.js';
import { scanJson } from './scan-json.js';

const NO_BOUNDS = { values: Infinity, depth: Infinity };

function nodesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner) => sum + nodesIn(inner), 1);
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function verdict(text: string, bounds: object): string | number {
  try {
    return scanJson(Buffer.from(text), { ...NO_BOUNDS, ...bounds });
  } catch (error) {
    if (error instanceof GatewayError) return error.fault;
    throw error;
  }
}

/** JSON with the strings that a scanner trips over. */
const anyJson = fc.jsonValue({ depthSize: 'medium' }).chain((value) =>
  fc.array(fc.stringMatching(/^[\\"[\]{},: x]{0,80}$/), { maxLength: 5 }).map((strings) => ({
    value,
    strings,
    ...Object.fromEntries(strings.map((text, index) => [`${text}${index}`, text])),
  })),
);

describe('the scan of a body', () => {
  it('counts the values that the parser would make, whatever is in its strings', () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom(undefined, 2, '\r\n\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(verdict(text, {})).toBe(nodesIn(JSON.parse(text)));
      }),
    );
  });

  it('lets exactly as many values pass as there may be', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const text = JSON.stringify(value);
        const nodes = nodesIn(JSON.parse(text));
        expect(verdict(text, { values: nodes })).toBe(nodes);
        expect(verdict(text, { values: nodes - 1 })).toBe('payload_too_large');
      }),
    );
  });

  it('lets exactly as many levels pass as there may be within the outermost one', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const text = JSON.stringify(value);
        const depth = depthOf(JSON.parse(text)) - 1;
        expect(verdict(text, { depth: depth })).not.toBe('invalid_request');
        expect(verdict(text, { depth: depth - 1 })).toBe('invalid_request');
      }),
    );
  });

  it.each(['"', '"\\', '"\\"', `"${'x'.repeat(40)}\\`, `"${'\\'.repeat(81)}"`, ']]]}}', '{"a'])(
    'comes to its end with what is no JSON: %s',
    (text) => {
      expect(verdict(text, {})).toEqual(expect.any(Number));
    },
  );
});
