import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHAT_HEARTBEAT, chatEventOf, chatEvents, textOf } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { messageLine, ndjson, ollama, toolCallsLine } from '../support/ollama-script.js';
import {
  deltaChunk,
  openAi,
  reasoningChunk,
  sse,
  toolArgumentsChunk,
  toolCallChunk,
} from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { stallsBeforeHeaders } from '../support/upstream-scripts.js';

/** What an open stream said first; no blank line leads. */
function opening(model: string): RegExp {
  return new RegExp(
    `^event: start\\nid: ([\\w-]+):0\\nretry: 3000\\ndata: {"streamId":"\\1","model":"${model}"}\\n\\n$`,
  );
}

describe('the EventSource protocol', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ streams: { heartbeatMs: 20 } });
  });
  afterEach(() => gateway.close());

  const body = { messages: [{ role: 'user', content: 'Hi' }] };
  const routes: [string, string, () => Promise<Response>][] = [
    ['GET /chat', 'gpt-4o', () => gateway.get('/chat?message=Hi')],
    ['GET /chat?model', 'llama3', () => gateway.get('/chat?message=Hi&model=llama3')],
    ['GET /chat/:model', 'team/gpt', () => gateway.get('/chat/team/gpt?message=Hi')],
    ['POST /chat', 'gpt-4o', () => gateway.post('/chat', body)],
    ['POST /chat with model', 'llama3', () => gateway.post('/chat', { ...body, model: 'llama3' })],
    ['POST /chat/:model', 'team/gpt', () => gateway.post('/chat/team/gpt', body)],
  ];

  it.each(routes)('opens %s with an event before any upstream answered', async (_, model, ask) => {
    gateway.openai.script(stallsBeforeHeaders());
    gateway.ollama.script(stallsBeforeHeaders());
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream\b/);
    expect(response.headers.get('cache-control')).toContain('no-transform');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(response.headers.get('x-sluice-model')).toBe(model);
    expect(response.headers.get('x-request-id')).toMatch(/./);
    const reader = new SseReader(response);
    expect(await reader.next()).toEqual({ retry: 3000 });
    expect(reader.raw).toMatch(opening(model));
  });

  it.each(routes)('streams the whole answer on %s, its ids counting up', async (_, model, ask) => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo', ' ☕']));
    gateway.ollama.script(ollama.streamsText(['Hel', 'lo', ' ☕']));
    const backend = model === 'llama3' ? 'ollama' : 'openai';
    const events = await chatEvents(await ask());
    const { streamId } = await gateway.ended();
    expect(events).toEqual([
      { id: `${String(streamId)}:1`, type: 'message', data: { text: 'Hel' } },
      { id: `${String(streamId)}:2`, type: 'message', data: { text: 'lo' } },
      { id: `${String(streamId)}:3`, type: 'message', data: { text: ' ☕' } },
      {
        id: `${String(streamId)}:4`,
        type: 'done',
        data: expect.objectContaining({
          streamId,
          model,
          backend,
          finishReason: 'stop',
          usage: { input: 9, output: 3 },
          waitedMs: expect.any(Object) as object,
        }) as object,
      },
    ]);
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual(
      backend === 'openai' ? [1, 0] : [0, 1],
    );
  });

  it.each([
    ['openai', 'gpt-only', openAi],
    ['ollama', 'llama3', ollama],
  ] as const)('passes each token of %s on before the next one exists', async (id, model, kind) => {
    const step = kind.stepper();
    gateway[id].script(step.script);
    const response = await gateway.get(`/chat/${model}?message=Hi`);
    const reader = new SseReader(response);
    for (const text of ['one', 'two', 'three']) {
      await step.next(text);
      expect(chatEventOf(await reader.nextEvent()).data).toEqual({ text });
    }
    await step.finish();
    expect(chatEventOf(await reader.nextEvent()).type).toBe('done');
    expect(await reader.nextEvent()).toBeUndefined();
    expect(reader.ended).toBe('clean');
  });

  it('fills silence with events that carry no id', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const reader = new SseReader(await gateway.get('/chat?message=Hi'));
    expect(await reader.next()).toEqual({ retry: 3000 });
    expect(await reader.next()).toMatchObject({ event: 'start' });
    expect(await reader.next()).toEqual(CHAT_HEARTBEAT);
    expect(await reader.next()).toEqual(CHAT_HEARTBEAT);
    await step.next('Hel');
    expect(chatEventOf(await reader.nextEvent()).id).toMatch(/:1$/);
    expect(await reader.next()).toEqual(CHAT_HEARTBEAT);
    await step.next('lo');
    expect(chatEventOf(await reader.nextEvent()).id).toMatch(/:2$/);
    expect(reader.raw).toContain('\n\nevent: heartbeat\ndata: {}\n\n');
  });

  it('fills silence also while the upstream sends events without content', async () => {
    const patient = await Gateway.start({ streams: { heartbeatMs: 200 } });
    const step = openAi.stepper();
    patient.openai.script(step.script);
    const reader = new SseReader(await patient.get('/chat?message=Hi'));
    await step.next('Hel');
    await reader.nextEvent();
    const heard = { item: undefined as unknown };
    const hearing = reader.next().then((item) => (heard.item = item));
    while (!heard.item) {
      await step.send(sse(deltaChunk({})));
      await pause(20);
    }
    await hearing;
    expect(heard.item).toEqual(CHAT_HEARTBEAT);
    await patient.close();
  });

  it('tells reasoning and tool calls of OpenAI from text', async () => {
    const step = openAi.stepper({ finishReason: 'tool_calls' });
    gateway.openai.script(step.script);
    const response = await gateway.get('/chat?message=Hi');
    await step.send(sse(reasoningChunk('hm')));
    await step.next('Look:');
    await step.send(sse(toolCallChunk(0, 'call_1', 'weather')));
    await step.send(sse(toolArgumentsChunk(0, '{"city":')));
    await step.send(sse(toolArgumentsChunk(0, '"Bern"}')));
    await step.finish();
    const events = await chatEvents(response);
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['reasoning', { text: 'hm' }],
      ['message', { text: 'Look:' }],
      ['tool-call', { index: 0, id: 'call_1', name: 'weather', arguments: '' }],
      ['tool-call', { index: 0, arguments: '{"city":' }],
      ['tool-call', { index: 0, arguments: '"Bern"}' }],
      ['done', expect.objectContaining({ finishReason: 'tool_calls' })],
    ]);
    expect(events.map(({ id }) => Number(id.split(':')[1]))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('tells thinking and tool calls of Ollama from text', async () => {
    const step = ollama.stepper();
    gateway.ollama.script(step.script);
    const response = await gateway.get('/chat/llama3?message=Hi');
    await step.send(ndjson(messageLine({ thinking: 'hm' })));
    await step.next('Look:');
    await step.send(ndjson(toolCallsLine([{ name: 'weather', arguments: { city: 'Bern' } }])));
    await step.finish();
    const events = await chatEvents(response);
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['reasoning', { text: 'hm' }],
      ['message', { text: 'Look:' }],
      [
        'tool-call',
        {
          index: 0,
          id: expect.stringMatching(/^call_/),
          name: 'weather',
          arguments: '{"city":"Bern"}',
        },
      ],
      ['done', expect.objectContaining({ finishReason: 'tool_calls' })],
    ]);
  });

  it('takes an empty answer with a finish reason for an answer', async () => {
    gateway.openai.script(openAi.streamsText([], { finishReason: 'length' }));
    const events = await chatEvents(await gateway.get('/chat?message=Hi'));
    expect(textOf(events)).toBe('');
    expect(events.map(({ type, data }) => [type, data['finishReason']])).toEqual([
      ['done', 'length'],
    ]);
    expect(gateway.ollama.requests).toHaveLength(0);
  });
});
