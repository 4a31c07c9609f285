import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../contract/json.js';
import type { StreamEvent, StreamPart } from '../../../contract/stream-event.js';
import { ChatCompletionEncoder } from './encode-stream.js';

const CREATED = 1_760_000_000;
const COUNTS = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const END = built({ type: 'end', reason: 'stop', usage: { input: 9, output: 3 } });

/** What the caller reads, event by event, `[DONE]` as text. */
function written(events: readonly StreamEvent[], includeUsage = false): unknown[] {
  const encoder = new ChatCompletionEncoder(includeUsage);
  const frames: string[] = [];
  for (const each of events) encoder.encode(each, frames);
  return frames
    .join('')
    .split('\n\n')
    .filter(Boolean)
    .map((frame) => frame.replace(/^data: /, ''))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)) as unknown);
}

function choicesOf(events: readonly unknown[]): unknown[] {
  return events.flatMap((each) => (each as JsonObject)['choices'] ?? []);
}

function event(choices: readonly JsonObject[], fields: JsonObject = {}): JsonObject {
  const head = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: CREATED,
    model: 'gpt',
  };
  return { ...head, system_fingerprint: 'fp', choices, ...fields };
}

function built(...parts: StreamPart[]): StreamEvent {
  return { parts };
}

/** An upstream's event, and what it means. */
function native(upstreams: JsonObject, ...parts: StreamPart[]): StreamEvent {
  return { parts, native: { dialect: 'chat-completions', event: upstreams } };
}

const choice = (delta: JsonObject, finish_reason: string | null = null): JsonObject => ({
  index: 0,
  delta,
  finish_reason,
});
const start = { type: 'start', id: 'chatcmpl-1', model: 'gpt', backend: 'openai' } as const;
const text = (words: string) => ({ type: 'text-delta', text: words }) as const;
const role = { role: 'assistant', content: '' };

describe('ChatCompletionEncoder', () => {
  it('passes events on, whatever parts they have', () => {
    const both = event([choice({ role: 'assistant', reasoning_content: 'Hm.', content: 'Hi' })]);
    const finish = event([choice({}, 'stop')]);
    const events = written([
      native(both, start, { type: 'reasoning-delta', text: 'Hm.' }, text('Hi')),
      native(finish),
      END,
    ]);
    expect(events).toEqual([both, finish, '[DONE]']);
  });

  it("builds what an event of another dialect's says", () => {
    const foreign = { dialect: 'event-source', event: { secret: true } } as const;
    const events = written([built(start), { parts: [text('Hi')], native: foreign }, END]);
    expect(choicesOf(events)).toMatchObject([{ delta: { content: 'Hi' } }, { delta: {} }]);
    expect(JSON.stringify(events)).not.toContain('secret');
  });

  it('builds what no event is behind, the role with the first', () => {
    const events = written([built(start, text('Hel')), built(text('lo')), END]);
    expect(choicesOf(events)).toMatchObject([
      { delta: { role: 'assistant', content: 'Hel' }, finish_reason: null },
      { delta: { content: 'lo' }, finish_reason: null },
      { delta: {}, finish_reason: 'stop' },
    ]);
    expect(events.at(-1)).toBe('[DONE]');
  });

  it('goes from passed events to built ones without a seam', () => {
    const events = written([
      native(event([choice(role)]), start),
      native(event([choice({ content: 'Hel' })]), text('Hel')),
      built(text('lo')),
      END,
    ]);
    expect(choicesOf(events)).toMatchObject([
      { delta: role },
      { delta: { content: 'Hel' } },
      { delta: { content: 'lo' }, finish_reason: null },
      { delta: {}, finish_reason: 'stop' },
    ]);
    expect(JSON.stringify(events).match(/"role"/g)).toHaveLength(1);
    for (const chunk of events.slice(2, 4)) {
      expect(chunk).toMatchObject({ id: 'chatcmpl-1', model: 'gpt', created: CREATED });
    }
  });

  it('says a finish reason once, whoever said it', () => {
    const events = written([
      native(event([choice(role)]), start),
      built(text('Hi')),
      native(event([choice({}, 'stop')])),
      END,
    ]);
    expect(JSON.stringify(events).match(/"finish_reason":"stop"/g)).toHaveLength(1);
  });

  it("takes the time of the answer's events, not that of what came before the answer", () => {
    const filtered = event([], { id: '', created: 0, prompt_filter_results: [] });
    const events = written([
      native(filtered, start),
      native(event([choice(role)])),
      built(text('Hi')),
      END,
    ]);
    expect(events[2]).toMatchObject({ created: CREATED });
  });

  describe('asked for usage', () => {
    const details = { ...COUNTS, prompt_tokens_details: { audio_tokens: 1 } };
    const answer: readonly StreamEvent[] = [
      native(event([choice(role)]), start),
      native(event([choice({ content: 'Hi' })]), text('Hi')),
      native(event([choice({}, 'stop')])),
      native(event([], { usage: details })),
    ];

    it("gives the upstream's own object while it says all there is to say", () => {
      const events = written([...answer, END], true);
      expect(events.at(-2)).toEqual(event([], { usage: details }));
    });

    it('gives the sum where the answer is the work of several attempts', () => {
      const usage = { input: 18, output: 7 };
      const events = written([...answer, built({ type: 'end', reason: 'stop', usage })], true);
      expect(events.at(-2)).toMatchObject({
        id: 'chatcmpl-1',
        choices: [],
        usage: { prompt_tokens: 18, completion_tokens: 7, total_tokens: 25 },
      });
      expect(events.filter((each) => (each as JsonObject)['usage'])).toHaveLength(1);
    });

    it('gives none where what was counted is not all', () => {
      const events = written([...answer, built({ type: 'end', reason: 'stop' })], true);
      expect(events.filter((each) => (each as JsonObject)['usage'])).toEqual([]);
    });
  });

  describe('passes the text of an event on', () => {
    const delta = (content: string) => event([choice({ content })]);
    const begun = native(event([choice(role)]), start);

    /** What is written for one event of a stream that has begun. */
    function frameOf(json: string, includeUsage = false): string {
      const encoder = new ChatCompletionEncoder(includeUsage);
      const frames: string[] = [];
      encoder.encode(begun, frames);
      const parsed = JSON.parse(json) as JsonObject;
      const piece = { dialect: 'chat-completions', event: parsed, text: json } as const;
      encoder.encode({ parts: [text('Hi')], native: piece }, frames);
      return frames[1]!;
    }

    it('as it came, in its own way of writing it', () => {
      const json = JSON.stringify(delta('Hi')).replace('"Hi"', '"\\u0048i"').replace('{', '{ ');
      expect(frameOf(json)).toBe(`data: ${json}\n\n`);
    });

    it('without a usage that is yet to come, which the caller did not ask for', () => {
      const json = JSON.stringify({ ...delta('Hi'), usage: null });
      expect(frameOf(json)).toBe(`data: ${JSON.stringify(delta('Hi'))}\n\n`);
      expect(frameOf(json, true)).toBe(`data: ${json}\n\n`);
    });

    it.each([
      ['is of another upstream', { ...delta('Hi'), id: 'other' }],
      ['names another model', { ...delta('Hi'), model: 'other' }],
      ['was made at another time', { ...delta('Hi'), created: 1 }],
      ['has its usage in front', { usage: null, ...delta('Hi') }],
      ['has a usage of its own', { ...delta('Hi'), usage: COUNTS }],
    ])('but for one that %s', (_, foreign) => {
      const passed = JSON.parse(frameOf(JSON.stringify(foreign)).slice('data: '.length)) as object;
      expect(passed).toEqual(delta('Hi'));
    });

    it('but for one of several lines', () => {
      expect(frameOf(JSON.stringify(delta('Hi'), null, 1)).trimEnd()).not.toContain('\n');
    });

    it('also where its content looks like the end of an event', () => {
      const tricky = delta(',"usage":null}');
      expect(frameOf(JSON.stringify(tricky))).toBe(`data: ${JSON.stringify(tricky)}\n\n`);
    });
  });
});
