import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../../../test/support/upstream-settings.js';
import { SseDecoder } from './sse-decoder.js';

/** Every kind of line, also such as SSE does not have, with every line end that it does have. */
const stream = fc
  .array(
    fc.tuple(
      fc.constantFrom('data: ', 'data:', 'event: ', 'id: ', ': ', 'noise', ''),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n'),
    ),
    { maxLength: 20 },
  )
  .map((lines) => Buffer.from(lines.flat().join('')));
const bytes = fc.oneof(stream, fc.uint8Array({ maxLength: 60 }));

describe('An event stream', () => {
  it('has the same events wherever its bytes are split', () => {
    const property = fc.property(bytes, fc.array(fc.nat(60)), (body, cuts) => {
      expect(eventsOf(piecesOf(body, cuts))).toEqual(eventsOf([body]));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('has the same events when every byte comes alone', () => {
    const property = fc.property(bytes, (body) => {
      expect(eventsOf([...body].map((byte) => Uint8Array.of(byte)))).toEqual(eventsOf([body]));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it.each(['\n', '\r\n', '\r'])(
    'has no event of 64 KiB that does not begin like JSON, whatever came before it (lines end by %j)',
    (end) => {
      const decoder = new SseDecoder(sourceOf(), () => {});
      const event = `data: {}${end}${end}`;
      decoder.decode(Buffer.from(`${event}${event}data: x`));
      const more = Buffer.from('x'.repeat(32 * 1024));
      decoder.decode(more);
      decoder.decode(more);
      expect(() => decoder.decode(more)).toThrow('65536 bytes');
    },
  );

  it.each(['\n', '\r\n', '\r'])(
    'has an event of more than 64 KiB that does, whatever came before it (lines end by %j)',
    (end) => {
      const decoder = new SseDecoder(sourceOf(), () => {});
      const text = 'x'.repeat(32 * 1024);
      decoder.decode(Buffer.from(`data: 5${end}${end}data: 5${end}${end}data: {"x":"${text}`));
      decoder.decode(Buffer.from(text));
      expect(decoder.decode(Buffer.from(`${text}"}${end}${end}`))).toHaveLength(1);
    },
  );
});

function eventsOf(pieces: readonly Uint8Array[]): unknown[] {
  const decoder = new SseDecoder(sourceOf(), () => {});
  return pieces.flatMap((piece) => decoder.decode(piece));
}

function piecesOf(body: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.toSorted((one, other) => one - other), body.length];
  return ends.map((end, n) => body.subarray(ends[n - 1] ?? 0, end));
}
