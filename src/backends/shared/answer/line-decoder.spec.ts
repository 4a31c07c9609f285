import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../../../test/support/upstream-settings.js';
import { LineDecoder } from './line-decoder.js';

const lines = fc.array(fc.string({ unit: 'binary', maxLength: 8 }), { maxLength: 10 });
const bytes = fc.oneof(
  lines.map((each) => Buffer.from(each.join('\n'))),
  fc.uint8Array({ maxLength: 60 }),
);

describe('Newline-delimited text', () => {
  it('has the same lines wherever its bytes are split', () => {
    const property = fc.property(bytes, fc.array(fc.nat(60)), (body, cuts) => {
      expect(linesOf(piecesOf(body, cuts))).toEqual(new TextDecoder().decode(body).split('\n'));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('has the same lines when every byte comes alone', () => {
    const property = fc.property(bytes, (body) => {
      const alone = [...body].map((byte) => Uint8Array.of(byte));
      expect(linesOf(alone)).toEqual(new TextDecoder().decode(body).split('\n'));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('has a line of more than 64 KiB that begins like JSON, also behind blanks that came alone', () => {
    const decoder = new LineDecoder(sourceOf());
    const json = `{"x":"${'x'.repeat(70 * 1024)}"}`;
    decoder.decode(Buffer.from('  '));
    expect(decoder.decode(Buffer.from(`${json}\n`))).toEqual([`  ${json}`]);
    decoder.decode(Buffer.from('  '));
    decoder.decode(Buffer.from(json));
    expect(decoder.end()).toBe(`  ${json}`);
  });
});

function linesOf(pieces: readonly Uint8Array[]): string[] {
  const decoder = new LineDecoder(sourceOf());
  const complete = pieces.flatMap((piece) => decoder.decode(piece));
  return [...complete, decoder.end()];
}

function piecesOf(body: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.toSorted((one, other) => one - other), body.length];
  return ends.map((end, n) => body.subarray(ends[n - 1] ?? 0, end));
}
