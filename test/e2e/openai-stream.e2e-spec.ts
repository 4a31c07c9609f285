import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { chunkOf, readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import {
  contentChunk,
  deltaChunk,
  finishChunk,
  openAi,
  reasoningChunk,
  roleChunk,
  sse,
  toolArgumentsChunk,
  toolCallChunk,
} from '../support/openai-script.js';
import { SocketBytes } from '../support/socket-bytes.js';
import { SseReader } from '../support/sse-reader.js';
import { replays } from '../support/upstream-scripts.js';

describe('a stream from an OpenAI upstream', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  /** What a caller gets of these upstream events, as text. */
  async function passed(events: readonly JsonObject[]): Promise<string> {
    const body = [...events, '[DONE]'].map((event) => sse(event)).join('');
    gateway.openai.script(replays('text/event-stream', body));
    return (await gateway.complete()).text();
  }

  it('leaves in one write where it came in one', async () => {
    const events = [roleChunk(), contentChunk('Hel'), contentChunk('lo'), finishChunk(), '[DONE]'];
    const body = events.map((event) => sse(event)).join('');
    gateway.openai.script(replays('text/event-stream', body));
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    const messages = [{ role: 'user', content: 'Hi' }];
    const asked = JSON.stringify({ model: 'gpt-only', messages, stream: true });
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${asked.length}\r\n\r\n${asked}`,
    );
    const bytes = new SocketBytes(socket);
    while ((await bytes.line()) !== '');
    // One chunk of HTTP, and the empty one that ends a response.
    expect(await bytes.line()).toBe(Buffer.byteLength(body).toString(16));
    for await (const _ of bytes.take(Buffer.byteLength(body)));
    expect([await bytes.line(), await bytes.line()]).toEqual(['', '0']);
    socket.destroy();
  });

  it('is passed on event by event, byte for byte', async () => {
    const events = [roleChunk(), contentChunk('Hel'), contentChunk('lo 👩‍💻'), finishChunk()];
    expect(await passed(events)).toBe(
      [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n\n'].join(''),
    );
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed', finishReason: 'stop' });
    expect(gateway.openai.requests).toHaveLength(1);
    expect(gateway.openai.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1/chat/completions',
      body: { model: 'gpt-4o-2024', stream: true },
    });
  });

  const fields = { system_fingerprint: 'fp_1', service_tier: 'default', x_new: { a: [1] } };
  it.each<[string, JsonObject[]]>([
    ['log probabilities', [contentChunk('Hi', { logprobs: true })]],
    ['fields of the event', [contentChunk('Hi', { fields })]],
    ['fields of the choice', [deltaChunk({ content: 'Hi' }, {}, { content_filter_results: {} })]],
    ['reasoning_content', [reasoningChunk('Let me'), reasoningChunk(' see'), contentChunk('Hi')]],
    ['reasoning', [deltaChunk({ reasoning: 'hm' }), contentChunk('Hi')]],
    ['a refusal', [deltaChunk({ refusal: 'I ' }), deltaChunk({ refusal: "can't." })]],
    ['annotations', [deltaChunk({ content: 'Hi', annotations: [{ type: 'url_citation' }] })]],
    [
      'pieces of parallel tool calls',
      [
        toolCallChunk(0, 'call_1', 'weather'),
        toolArgumentsChunk(0, '{"city":'),
        toolCallChunk(1, 'call_2', 'time'),
        toolArgumentsChunk(0, '"Bern"}'),
        toolArgumentsChunk(1, '{}'),
      ],
    ],
    ['an event that has text, reasoning and tool calls', [everythingAtOnce()]],
  ])('carries %s unchanged', async (_, deltas) => {
    const events = [roleChunk(), ...deltas, finishChunk()];
    const text = await passed(events);
    expect(text).toBe([...events, '[DONE]'].map((event) => sse(event)).join(''));
  });

  it('hands a delta of a kind it does not know to the caller before the next one exists', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = gateway.complete({ modalities: ['text', 'audio'], audio: { voice: 'alloy' } });
    const audio = deltaChunk({ audio: { id: 'audio_1', data: 'UklGRg==' } });
    await step.begin();
    await step.send(sse(audio));
    const reader = new SseReader(await response);
    expect(chunkOf(await reader.next())).toEqual(roleChunk());
    expect(chunkOf(await reader.next())).toEqual(audio);
    await step.finish();
    expect(chunkOf(await reader.next())).toEqual(finishChunk());
    expect(await reader.next()).toEqual({ data: '[DONE]' });
    expect(await reader.next()).toBeUndefined();
    expect(reader.ended).toBe('clean');
  });

  it('gives the caller each token before the upstream sends the next', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = gateway.complete();
    await step.next('one');
    const reader = new SseReader(await response);
    expect(chunkOf(await reader.next())).toEqual(roleChunk());
    expect(chunkOf(await reader.next())).toEqual(contentChunk('one'));
    for (const token of ['two', 'three', 'four']) {
      await step.next(token);
      expect(chunkOf(await reader.next())).toEqual(contentChunk(token));
    }
    await step.finish();
    expect((await reader.all()).at(-1)).toEqual({ data: '[DONE]' });
  });

  it('has the first id and model on every chunk, whatever the upstream says later', async () => {
    const events = [
      roleChunk({ id: 'chatcmpl-7', model: 'gpt-4o-2024-08-06' }),
      contentChunk('Hel', { id: '', model: '' }),
      contentChunk('lo', { id: 'chatcmpl-8', model: 'other' }),
      finishChunk({ id: 'chatcmpl-7', model: 'gpt-4o-2024-08-06' }),
    ];
    gateway.openai.script(replays('text/event-stream', events.map((event) => sse(event)).join('')));
    const { chunks, text, done } = await readCompletion(await gateway.complete());
    expect([text, done]).toEqual(['Hello', true]);
    expect(new Set(chunks.map(({ id, model }) => [id, model].join(' ')))).toEqual(
      new Set(['chatcmpl-7 gpt-4o-2024-08-06']),
    );
  });

  it('has an id of ours and the name of the target where the upstream gives none', async () => {
    const nameless = [contentChunk('Hi'), finishChunk()].map(({ id: _, model: __, ...event }) =>
      sse(event),
    );
    gateway.openai.script(replays('text/event-stream', nameless.join('')));
    const { chunks } = await readCompletion(await gateway.complete());
    expect(chunks[0]).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-.{8}/),
      model: 'gpt-4o-2024',
    });
    expect(chunks.map(({ id }) => id)).toEqual([chunks[0]!['id'], chunks[0]!['id']]);
  });

  it('loses nothing to comments, CRLF, a missing role chunk or a missing [DONE]', async () => {
    gateway.openai.script(
      openAi.streamsText(['Hel', 'lo'], {
        comments: true,
        lineEnd: '\r\n',
        role: false,
        done: false,
      }),
    );
    const text = await (await gateway.complete()).text();
    // The role is added: OpenAI's own `.stream()` throws without.
    const first = deltaChunk({ role: 'assistant', content: 'Hel' });
    const events = [first, contentChunk('lo'), finishChunk(), '[DONE]'];
    expect(text).toBe(events.map((event) => sse(event)).join(''));
  });
});

function everythingAtOnce(): JsonObject {
  const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } };
  return deltaChunk({ reasoning_content: 'hm', content: 'Hi', tool_calls: [call] });
}
