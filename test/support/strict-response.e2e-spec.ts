import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/contract/gateway-error.js';
import type { StreamPart } from '../../src/contract/stream-event.js';
import { responses } from '../../src/http/dialects/responses/dialect.js';
import { strictResponse, textOfResponse } from './strict-response.js';
import { type BodyEnd, NotWellFormed } from './strict-stream.js';
import { generationRecord } from './generation-record.js';

const ABOUT = { requestId: 'r' };

function encoder() {
  const { options } = responses.read({ model: 'gpt', stream: true, input: 'Hi' }, {});
  return responses.encoder(options, generationRecord({ dialect: 'responses' }));
}

const SAID: readonly StreamPart[] = [
  { type: 'reasoning-delta', text: 'Hm.' },
  { type: 'text-delta', text: 'Hel' },
  { type: 'text-delta', text: 'lo' },
  { type: 'refusal-delta', text: 'No.' },
  { type: 'tool-call-delta', index: 0, id: 'call_1', name: 'weather', arguments: '{"city":' },
  { type: 'tool-call-delta', index: 1, id: 'call_2', name: 'weather', arguments: '{}' },
  { type: 'tool-call-delta', index: 0, arguments: '"Bern"}' },
];

/** The frames of a stream that says all there is, and ends well or in a failure. */
function frames(ends: boolean): readonly string[] {
  const of = encoder();
  const all: string[] = [];
  for (const part of SAID) of.encode({ parts: [part] }, all);
  if (ends) of.encode({ parts: [{ type: 'end', reason: 'stop' }] }, all);
  else all.push(of.failureFrame(new GatewayError('upstream_cut'), ABOUT));
  return all.join('').split(/(?<=\n\n)/);
}

/** Numbered again, so that only what is missing or out of order can be wrong. */
function renumbered(all: readonly string[]): string {
  return all
    .map((frame, n) => frame.replace(/"sequence_number":\d+/, `"sequence_number":${n}`))
    .join('');
}

function accepts(raw: string, end: BodyEnd): boolean {
  try {
    strictResponse(raw, end);
    return true;
  } catch (error) {
    if (error instanceof NotWellFormed) return false;
    throw error;
  }
}

describe('the strict reader of a Response', () => {
  it.each([
    ['done', true, 'clean'],
    ['failed', false, 'cut'],
  ] as const)('reads a stream that is %s', (terminal, ends, end) => {
    const stream = strictResponse(frames(ends).join(''), end);
    expect([stream.terminal, textOfResponse(stream)]).toEqual([terminal, 'Hello']);
  });

  it.each([
    ['clean', true],
    ['cut', false],
  ] as const)('takes no stream of which an event is missing (%s)', (end, ends) => {
    const all = frames(ends);
    const taken = all.filter((_, n) => {
      const rest = all.toSpliced(n, 1);
      return accepts(rest.join(''), end) || accepts(renumbered(rest), end);
    });
    expect(taken).toEqual([]);
  });

  it('takes no stream that says something twice, or in another order', () => {
    const all = frames(true);
    const taken = all.filter((frame, n) =>
      accepts(renumbered(all.toSpliced(n, 0, frame)), 'clean'),
    );
    expect(taken).toEqual([]);
    const [first, second] = [all.findIndex((each) => each.includes('"Hel"')), all.length - 2];
    const swapped = all.with(first, all[second]!).with(second, all[first]!);
    expect(accepts(renumbered(swapped), 'clean')).toBe(false);
  });

  it('takes no other end of the body than its own', () => {
    expect(accepts(frames(true).join(''), 'cut')).toBe(false);
    expect(accepts(frames(false).join(''), 'clean')).toBe(false);
  });
});
