import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CHAT_HEARTBEAT,
  type ChatEvent,
  chatEventOf,
  chatEvents,
  textOf,
} from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { failsWith, replays, stallsBeforeHeaders } from '../support/upstream-scripts.js';

const failed = (event: ChatEvent | undefined) => [event?.type, event?.data['code']];

describe('a chat stream whose upstream fails', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  const attempts = () => [gateway.openai.requests.length, gateway.ollama.requests.length];

  it.each([
    ['a 429', failsWith(429, openAiError('slow down'))],
    ['no quota', failsWith(429, openAiError('no', { code: 'insufficient_quota' }))],
    ['a 500', failsWith(500, 'oops')],
    ['our own refused key', failsWith(401, openAiError('no', { code: 'invalid_api_key' }))],
    ['a reset', openAi.resetsAfter([])],
    ['a cut before the first token', openAi.streamsTextThenCuts([])],
    ['an in-band error before the first token', openAi.inBandError({ message: 'overloaded' })],
    ['an answer that is no stream', replays('text/html', '<p>hi</p>')],
  ])('gives way to the next target after %s', async (_, script) => {
    gateway.openai.script(script);
    gateway.ollama.script(ollama.streamsText(['Ol', 'la']));
    const events = await chatEvents(await gateway.get('/chat?message=Hi'));
    expect(textOf(events)).toBe('Olla');
    expect(events.at(-1)).toMatchObject({ type: 'done', data: { backend: 'ollama' } });
    expect(events.map(({ id }) => id.split(':')[1])).toEqual(['1', '2', '3']);
    expect(attempts()).toEqual([1, 1]);
  });

  it('says with status 200 that no target could answer', async () => {
    gateway.openai.script(failsWith(500, 'oops'));
    gateway.ollama.script(failsWith(503, { error: 'busy' }));
    const response = await gateway.get('/chat?message=Hi', { 'x-request-id': 'my-id' });
    expect(response.status).toBe(200);
    const { streamId } = await gateway.ended();
    expect(await chatEvents(response)).toEqual([
      {
        id: `${String(streamId)}:1`,
        type: 'failed',
        data: {
          code: 'upstream_unavailable',
          message: 'Backend "ollama" is unavailable at the moment.',
          requestId: 'my-id',
          retryable: true,
          attempts: [
            { backend: 'openai', fault: 'upstream_unavailable' },
            { backend: 'ollama', fault: 'upstream_unavailable' },
          ],
        },
      },
    ]);
    expect(attempts()).toEqual([1, 1]);
  });

  it('says that no retry helps where none does', async () => {
    gateway.openai.script(failsWith(401, openAiError('no')));
    const [event, ...others] = await chatEvents(await gateway.get('/chat/gpt-only?message=Hi'));
    expect(event).toMatchObject({
      type: 'failed',
      data: { code: 'upstream_credentials', retryable: false },
    });
    expect(others).toEqual([]);
  });

  it("passes on what the upstream says of the caller's own mistake, and asks nobody else", async () => {
    gateway.openai.script(failsWith(400, openAiError('No such voice.', { param: 'voice' })));
    const [event] = await chatEvents(await gateway.get('/chat?message=Hi'));
    expect(event).toMatchObject({
      type: 'failed',
      data: { code: 'invalid_request', message: 'No such voice.', retryable: false },
    });
    expect(attempts()).toEqual([1, 0]);
  });

  it.each([
    ['openai', 'ends without a finish reason', openAi.streamsTextThenEnds(['Hel', 'lo'])],
    ['openai', 'is cut', openAi.streamsTextThenCuts(['Hel', 'lo'])],
    ['openai', 'is reset', openAi.resetsAfter(['Hel', 'lo'])],
    ['ollama', 'ends without a last line', ollama.streamsTextThenEnds(['Hel', 'lo'])],
    ['ollama', 'is cut', ollama.streamsTextThenCuts(['Hel', 'lo'])],
    ['ollama', 'is reset', ollama.resetsAfter(['Hel', 'lo'])],
  ] as const)('never shows an answer of %s that %s as whole', async (backend, _, script) => {
    gateway[backend].script(script);
    const model = backend === 'openai' ? 'gpt-4o' : 'llama3';
    const events = await chatEvents(await gateway.get(`/chat/${model}?message=Hi`));
    expect('Hello').toContain(textOf(events));
    expect(events.filter(({ type }) => type !== 'message').map(failed)).toEqual([
      ['failed', 'upstream_cut'],
    ]);
    expect(failed(events.at(-1))).toEqual(['failed', 'upstream_cut']);
    expect(attempts()).toEqual(backend === 'openai' ? [1, 0] : [0, 1]);
  });

  it.each([
    ['openai', openAi.inBandError({ message: 'boom', code: 503 }, ['Hel', 'lo'])],
    ['ollama', ollama.inBandError('boom', ['Hel', 'lo'])],
  ] as const)('passes every token on before an error in the stream of %s', async (id, script) => {
    gateway[id].script(script);
    const model = id === 'openai' ? 'gpt-4o' : 'llama3';
    const events = await chatEvents(await gateway.get(`/chat/${model}?message=Hi`));
    expect(textOf(events)).toBe('Hello');
    expect(failed(events.at(-1))).toEqual(['failed', 'upstream_unavailable']);
    expect(events).toHaveLength(3);
  });

  it('gives way after a silent first target, and heartbeats go on all the while', async () => {
    await gateway.close();
    gateway = await Gateway.start({
      streams: { heartbeatMs: 20 },
      models: [
        {
          id: 'patient',
          targets: [
            { backend: 'openai', model: 'gpt', streams: { firstTokenMs: 100 } },
            'ollama/llama3',
          ],
        },
      ],
    });
    const step = ollama.stepper();
    gateway.openai.script(stallsBeforeHeaders());
    gateway.ollama.script(step.script);
    const reader = new SseReader(await gateway.get('/chat?message=Hi'));
    expect(await reader.next()).toEqual({ retry: 3000 });
    expect(await reader.next()).toMatchObject({ event: 'start' });
    expect(await reader.next()).toEqual(CHAT_HEARTBEAT);
    await gateway.openai.left(0);
    await step.next('late');
    expect(chatEventOf(await reader.nextEvent()).data).toEqual({ text: 'late' });
    await step.finish();
    expect(chatEventOf(await reader.nextEvent())).toMatchObject({
      type: 'done',
      data: { backend: 'ollama' },
    });
  });

  it.each([
    ['first_token_timeout', 'firstTokenMs', openAi.stallsAfter([])],
    ['idle_timeout', 'idleMs', openAi.stallsAfter(['Hel'])],
    ['total_timeout', 'totalMs', openAi.stallsAfter(['Hel'])],
  ])('tells a %s in the stream and closes the upstream', async (code, deadline, script) => {
    await gateway.close();
    gateway = await Gateway.start({ streams: { [deadline]: 100 } });
    gateway.openai.script(script);
    const events = await chatEvents(await gateway.get('/chat/gpt-only?message=Hi'));
    expect(failed(events.at(-1))).toEqual(['failed', code]);
    await gateway.openai.left(0);
    expect(await gateway.ended()).toMatchObject({ endReason: code, fault: code });
  });
});
