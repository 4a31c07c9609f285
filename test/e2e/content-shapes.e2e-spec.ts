import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { readCompletion } from '../support/chat-completions.js';
import { chatEvents } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import {
  completion,
  contentChunk,
  deltaChunk,
  finishChunk,
  OPENAI_STREAM_TYPE,
  roleChunk,
  sse,
} from '../support/openai-script.js';
import { answers, replays } from '../support/upstream-scripts.js';

const THINKING = { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] };
const PNG = 'data:image/png;base64,iVBORw0KGgo=';
const image = { type: 'image_url', image_url: { url: PNG } };

/** A choice whose answer is where plain answers have it. */
const inMessage = (message: JsonObject) => ({
  ...contentChunk(''),
  choices: [{ index: 0, message, finish_reason: null }],
});

describe('Content in other shapes than text', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  function streams(...events: JsonObject[]): void {
    const body = [roleChunk(), ...events, finishChunk(), '[DONE]'].map((event) => sse(event));
    gateway.openai.script(replays(OPENAI_STREAM_TYPE, body.join('')));
  }

  async function onChat(): Promise<unknown[]> {
    const response = await gateway.post('/chat/gpt-only', { messages: MESSAGES });
    const events = await chatEvents(response);
    return events
      .filter(({ type }) => type !== 'start')
      .map(({ type, data }) => [type, data['text'] ?? data['url'] ?? data['finishReason']]);
  }

  async function onOpenAi(): Promise<unknown[]> {
    const { chunks, done } = await readCompletion(await gateway.complete());
    expect(done).toBe(true);
    return chunks
      .map((chunk) => (chunk['choices'] as { delta: JsonObject }[])[0]!.delta)
      .filter((delta) => Object.keys(delta).length > 0 && delta['content'] !== '');
  }

  it.each<[string, JsonObject, unknown[], JsonObject | undefined]>([
    ['thinking in a list', deltaChunk({ content: [THINKING] }), ['reasoning', 'Hm.'], undefined],
    [
      'reasoning with a summary',
      deltaChunk({
        content: [{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] }],
      }),
      ['reasoning', 'Hm.'],
      undefined,
    ],
    [
      'text in a list',
      deltaChunk({ content: [{ type: 'text', text: 'A' }] }),
      ['message', 'A'],
      undefined,
    ],
    ['text alone in a list', deltaChunk({ content: ['A'] }), ['message', 'A'], undefined],
    [
      'one part without a list',
      deltaChunk({ content: { type: 'text', text: 'A' } }),
      ['message', 'A'],
      undefined,
    ],
    ['a number', deltaChunk({ content: 42 }), ['message', '42'], { content: '42' }],
    ['zero', deltaChunk({ content: 0 }), ['message', '0'], { content: '0' }],
    [
      'a message',
      inMessage({ role: 'assistant', content: 'A' }),
      ['message', 'A'],
      { role: 'assistant', content: 'A' },
    ],
    [
      'a text of the older API',
      { ...contentChunk(''), choices: [{ index: 0, text: 'A', finish_reason: null }] },
      ['message', 'A'],
      { content: 'A' },
    ],
    [
      'reasoning in details',
      deltaChunk({ reasoning_details: [{ type: 'reasoning.text', text: 'Hm.' }] }),
      ['reasoning', 'Hm.'],
      undefined,
    ],
    ['an image beside the text', deltaChunk({ images: [image] }), ['image', PNG], undefined],
    ['an image in a list', deltaChunk({ content: [image] }), ['image', PNG], undefined],
  ])('reach both routes: %s', async (_, event, chat, openai) => {
    streams(event);
    expect(await onChat()).toEqual([chat, ['done', 'stop']]);
    const given = (event['choices'] as JsonObject[])[0]!['delta'];
    expect(await onOpenAi()).toEqual([openai ?? given]);
  });

  it('that nobody knows are content: they reach /v1 as they came, and no deadline passes over them', async () => {
    await gateway.close();
    gateway = await Gateway.start({ streams: { firstTokenMs: 300, idleMs: 300 } });
    const part = { content: [{ type: 'hologram', hologram: 'x' }] };
    gateway.openai.script(async (exchange) => {
      exchange.open(OPENAI_STREAM_TYPE);
      for (let n = 0; n < 8; n += 1) {
        await exchange.write(sse(deltaChunk(part)));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await exchange.write(sse(finishChunk()) + sse('[DONE]'));
      exchange.end();
    });
    const [first, ...others] = Array.from({ length: 8 }, () => part);
    // With the role that nobody said.
    expect(await onOpenAi()).toEqual([{ role: 'assistant', ...first }, ...others]);
  });

  it('do not repeat what deltas said: a whole message behind them is passed over', async () => {
    streams(contentChunk('A'), contentChunk('B'), inMessage({ role: 'assistant', content: 'AB' }));
    expect(await onChat()).toEqual([
      ['message', 'A'],
      ['message', 'B'],
      ['done', 'stop'],
    ]);
    expect(await onOpenAi()).toEqual([{ content: 'A' }, { content: 'B' }]);
  });

  it('all in messages arrive, however long each of them is', async () => {
    const pieces = ['A', 'B', 'CD', 'EFGH'];
    streams(...pieces.map((content) => inMessage({ role: 'assistant', content })));
    expect(await onChat()).toEqual([...pieces.map((text) => ['message', text]), ['done', 'stop']]);
  });

  it('of other kinds are not repeated either: reasoning, trimmed text', async () => {
    streams(
      deltaChunk({ reasoning_content: 'think' }),
      contentChunk(' Hello'),
      contentChunk(' world\n'),
      inMessage({ role: 'assistant', content: 'Hello world', reasoning_content: 'think' }),
    );
    expect(await onChat()).toEqual([
      ['reasoning', 'think'],
      ['message', ' Hello'],
      ['message', ' world\n'],
      ['done', 'stop'],
    ]);
  });

  it.each(['content', 'tool_calls', 'images'])(
    'may be 100,000 elements in the %s of one event',
    async (field) => {
      const element = { content: 'x', tool_calls: {}, images: 'x' }[field];
      streams(deltaChunk({ [field]: Array.from({ length: 100_000 }, () => element) }));
      const { done } = await readCompletion(await gateway.complete());
      expect(done).toBe(true);
    },
  );

  it.each(['BC', 'B'])(
    'in a message amid deltas are one more piece where they do not sum up what was said: %s',
    async (content) => {
      streams(contentChunk('A'), inMessage({ role: 'assistant', content }), contentChunk('D'));
      expect(await onChat()).toEqual([
        ['message', 'A'],
        ['message', content],
        ['message', 'D'],
        ['done', 'stop'],
      ]);
      expect(await onOpenAi()).toEqual([
        { content: 'A' },
        { role: 'assistant', content },
        { content: 'D' },
      ]);
    },
  );

  it.each(['', [], {}])('are passed on without an empty error beside them: %j', async (error) => {
    streams({ ...contentChunk('A'), error }, { id: 'chatcmpl-1', error });
    expect(await onChat()).toEqual([
      ['message', 'A'],
      ['done', 'stop'],
    ]);
    const { chunks, text, done } = await readCompletion(await gateway.complete());
    expect([text, done]).toEqual(['A', true]);
    expect(chunks.filter((chunk) => 'error' in chunk)).toEqual([]);
    // Clients take the list for granted.
    expect(chunks.every((chunk) => Array.isArray(chunk['choices']))).toBe(true);
  });

  it('lose nothing before the first content, however many events come before it', async () => {
    const empty = Array.from({ length: 200 }, (_, n) => ({
      ...deltaChunk({}),
      provider_note: `n${n}`,
    }));
    streams(...empty, contentChunk('A'));
    const { chunks } = await readCompletion(await gateway.complete());
    const notes = chunks.map((chunk) => chunk['provider_note']).filter(Boolean);
    expect(notes).toEqual(empty.map((chunk) => chunk.provider_note));
  });

  it('before the first content are held within 256 KiB, and what is over is not left out in silence', async () => {
    const note = 'x'.repeat(64 * 1024);
    streams(...Array.from({ length: 8 }, () => ({ ...deltaChunk({}), note })), contentChunk('A'));
    const { text, chunks, done } = await readCompletion(await gateway.complete());
    expect([text, done]).toEqual(['A', true]);
    // What comes in one read with the content is never left out.
    expect(chunks.filter((chunk) => chunk['note']).length).toBeLessThan(6);
    expect(gateway.log.text).toContain('preamble_too_long');
  });

  it.each<[string, unknown, JsonObject]>([
    ['a list', [THINKING, { type: 'text', text: 'A' }], {}],
    ['a number', 42, { content: '42' }],
  ])('in a plain answer reach their caller: %s', async (_, content, change) => {
    const message = { role: 'assistant', content };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    gateway.openai.script(answers({ ...completion(''), choices }));
    const answer = (await (await gateway.complete({ stream: false })).json()) as JsonObject;
    expect((answer['choices'] as JsonObject[])[0]!['message']).toEqual({ ...message, ...change });
  });
});

const MESSAGES = [{ role: 'user', content: 'Hi' }];
