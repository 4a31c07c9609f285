import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_NOTICES } from '../../../test/support/attempt-context.js';
import {
  contentChunk,
  deltaChunk,
  finishChunk,
  roleChunk,
  sse,
  usageChunk,
} from '../../../test/support/openai-script.js';
import { sourceOf } from '../../../test/support/upstream-settings.js';
import type { StreamEvent, StreamPart } from '../../contract/stream-event.js';
import { LateUsage } from './late-usage.js';
import { readOpenAiStream } from './openai-stream.js';

const USAGE = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const said = (text: string) => sse(contentChunk(text));
const saidWithStop = (text: string) =>
  sse(deltaChunk({ content: text }, {}, { finish_reason: 'stop' }));
const FINISH = sse(finishChunk());
const DONE = sse('[DONE]');

/** What an upstream does: bytes, a silence in milliseconds, or `EOF`, `RESET` and `STALL`. */
type Step = string | number;

/** An upstream's body on the fake clock; a reader may leave it in the middle of a silence. */
function bodyOf(steps: readonly Step[]): AsyncIterable<Uint8Array, undefined> {
  const pieces = played(steps);
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => pieces.next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    }),
  };
}

async function* played(steps: readonly Step[]): AsyncGenerator<Uint8Array, undefined> {
  for (const step of steps) {
    if (step === 'EOF') return undefined;
    if (step === 'RESET') throw new Error('ECONNRESET');
    if (step === 'STALL') await new Promise(() => {});
    else if (typeof step === 'number') await new Promise((resolve) => setTimeout(resolve, step));
    else yield Buffer.from(step);
  }
  return undefined;
}

/** How the stream ends within a minute: `whole`, an error, or `waits` where only a deadline ends it. */
async function read(
  steps: readonly Step[],
  lateUsage = new LateUsage(),
): Promise<{
  text: string;
  end: unknown;
  events: StreamEvent[];
  last: StreamPart | undefined;
  ms: number;
}> {
  const startedAt = performance.now();
  const events: StreamEvent[] = [];
  let ms = Number.NaN;
  const reading = (async () => {
    const batches = readOpenAiStream(bodyOf(steps), sourceOf(), NO_NOTICES, lateUsage);
    try {
      for await (const batch of batches) {
        events.push(...batch.events);
        if (batch.end) ms = performance.now() - startedAt;
      }
      return 'whole';
    } catch (error) {
      return (error as { fault?: string }).fault ?? (error as Error).message;
    }
  })();
  const waiting = new Promise((resolve) => setTimeout(resolve, 60_000, 'waits'));
  const [end] = await Promise.all([
    Promise.race([reading, waiting]),
    vi.advanceTimersByTimeAsync(60_000),
  ]);
  const parts = events.flatMap((event) => event.parts);
  const text = parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
  return { text, end, events, last: parts.at(-1), ms };
}

describe('A streamed Chat Completion', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each<[string, Step[], unknown]>([
    ['a reason with every piece, 1.5 s apart, then [DONE]', each(saidWithStop, DONE), 'whole'],
    ['a reason with every piece, then EOF', each(saidWithStop, 'EOF'), 'upstream_cut'],
    ['a reason with every piece, then a reset', each(saidWithStop, 'RESET'), 'ECONNRESET'],
    ['a reason with every piece, then silence', each(saidWithStop, 'STALL'), 'waits'],
    [
      'a reason with every piece and a last one alone, then silence',
      [...each(saidWithStop, FINISH), 'STALL'],
      'waits',
    ],
    ['a reason on the first, empty event, then [DONE]', [FINISH, 1500, 'DATA', DONE], 'whole'],
    ['a reason on the first, empty event, then EOF', [FINISH, 1500, 'DATA', 'EOF'], 'upstream_cut'],
    ['"null" as a reason with every piece, then EOF', each(nullWith, 'EOF'), 'upstream_cut'],
    ['"null" as a reason with every piece, then a real one', each(nullWith, FINISH), 'whole'],
    ['a reason beside the last piece, then EOF', [said('A'), saidWithStop('B'), 'EOF'], 'whole'],
    ['a reason beside the last piece, then [DONE]', [said('A'), saidWithStop('B'), DONE], 'whole'],
    [
      'a reason beside the last piece, then a reset',
      [said('A'), saidWithStop('B'), 'RESET'],
      'ECONNRESET',
    ],
    [
      'a reason beside the last piece, then silence',
      [said('A'), saidWithStop('B'), 'STALL'],
      'waits',
    ],
    [
      'an error behind a reason beside content',
      [saidWithStop('A'), sse({ error: { message: 'It broke.' } })],
      'upstream_unavailable',
    ],
    ['an error behind the last word', [said('A'), FINISH, sse({ error: {} }), 'STALL'], 'whole'],
    ['the last word, then silence', [said('A'), FINISH, 'STALL'], 'whole'],
    ['the last word, then a reset', [said('A'), FINISH, 'RESET'], 'whole'],
    [
      'content behind the last word, then silence',
      [said('A'), FINISH, 900, said('B'), 'STALL'],
      'waits',
    ],
    ['a reason of an empty answer, then EOF', [sse(roleChunk()), FINISH, 'EOF'], 'whole'],
    ['a reason of an empty answer, then silence', [sse(roleChunk()), FINISH, 'STALL'], 'waits'],
    ['no reason at all, then [DONE]', [said('A'), DONE], 'upstream_cut'],
    ['a last event without its blank line', [said('A'), FINISH.trimEnd(), 'EOF'], 'whole'],
    [
      'a [DONE] without its blank line',
      [said('A'), saidWithStop('B'), DONE.trimEnd(), 'EOF'],
      'whole',
    ],
    ['half an event at its end', [said('A'), FINISH.slice(0, -20), 'EOF'], 'upstream_cut'],
  ])('with %s ends by %s', async (_, steps, end) => {
    const all = steps.map((step) => (step === 'DATA' ? said('A') : step));
    expect((await read(all)).end).toBe(end);
  });

  it('gives every piece of an answer that says "stop" with each of them', async () => {
    expect((await read(each(saidWithStop, DONE))).text).toBe('w0w1w2w3');
  });

  it('tells the caller no reason that may not be the last word', async () => {
    const { events, last } = await read([FINISH, ...each(saidWithStop, FINISH, DONE)]);
    const nulls = (await read(each(nullWith, FINISH))).events;
    const reasons = [...events, ...nulls.slice(0, 4)].flatMap(({ native }) =>
      native
        ? (native.event['choices'] as { finish_reason: unknown }[]).map((one) => one.finish_reason)
        : [],
    );
    expect(new Set(reasons)).toEqual(new Set([null]));
    expect(last).toMatchObject({ type: 'end', reason: 'stop' });
  });

  it('is over a second after the last word, whatever noise goes on', async () => {
    const noise = Array.from({ length: 100 }, (): Step[] => [': ping\n\n', 300, 'x\n\n', 300]);
    const { end, ms } = await read([said('A'), FINISH, ...noise.flat()]);
    expect([end, ms]).toEqual(['whole', 1000]);
  });

  it('holds only the choice with the index 0', async () => {
    const other = sse(deltaChunk({ content: 'X' }, {}, { index: 1, finish_reason: 'stop' }));
    const both = {
      ...contentChunk('B'),
      choices: [
        { index: 1, delta: { content: 'X' } },
        { index: 0, delta: { content: 'B' }, finish_reason: null },
      ],
    };
    const { text, events, end } = await read([other, said('A'), other, sse(both), FINISH, DONE]);
    expect([text, end]).toEqual(['AB', 'whole']);
    expect(JSON.stringify(events)).not.toContain('X');
  });

  describe('whose usage comes seconds after the answer', () => {
    const late = [said('A'), FINISH, 3000, sse(usageChunk(USAGE)), DONE];

    it('ends after a second the first time, and has it from then on', async () => {
      const lateUsage = new LateUsage();
      const first = await read(late, lateUsage);
      expect([first.ms, first.last]).toEqual([1000, { ...END }]);
      const second = await read(late, lateUsage);
      expect([second.ms, second.last]).toEqual([3000, { ...END, usage: COUNTS }]);
    });

    it('is waited for at its own target only, and for 5 s at most', async () => {
      const lateUsage = new LateUsage();
      lateUsage.learned('asked-model', true);
      expect((await read([said('A'), FINISH, 'STALL'], lateUsage)).ms).toBe(5000);
      expect(lateUsage.patienceMs('another-model', false)).toBe(1000);
    });

    it('is not waited for where none came', async () => {
      const lateUsage = new LateUsage();
      await read([said('A'), FINISH, 'STALL'], lateUsage);
      expect((await read([said('A'), FINISH, 'STALL'], lateUsage)).ms).toBe(1000);
    });
  });
});

const END = { type: 'end', reason: 'stop', rawReason: 'stop' } as const;
const COUNTS = { input: 9, output: 3 };

/** Four pieces, 1.5 s apart, then `end`. */
function each(piece: (text: string) => string, ...end: Step[]): Step[] {
  return [...[0, 1, 2, 3].flatMap((n): Step[] => [piece(`w${n}`), 1500]), ...end];
}

function nullWith(text: string): string {
  return sse(deltaChunk({ content: text }, {}, { finish_reason: 'null' }));
}
