import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anthropic } from '../support/anthropic-script.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { SseReader } from '../support/sse-reader.js';
import { answers, failsWith, stallsBeforeHeaders } from '../support/upstream-scripts.js';

const TOKENS = ['The ', 'quick ', 'brown ', 'fox.'];

describe('The trace of a request', () => {
  let receiver: OtlpReceiver;
  let gateway: Gateway;
  beforeEach(async () => {
    receiver = await OtlpReceiver.start();
  });
  afterEach(async () => {
    await gateway.close();
    await receiver.close();
  });

  async function start(settings: GatewaySettings = {}): Promise<void> {
    gateway = await Gateway.start({ env: receiver.env, ...settings });
  }

  /** What the receiver has once Sluice is gone: it sends what waits before that. */
  async function traced() {
    await gateway.shutDown();
    return receiver.trace();
  }

  it('has a span of the server and one below it for the attempt, in the words of OpenTelemetry', async () => {
    await start();
    gateway.openai.script(openAi.streamsText(TOKENS, { id: 'chatcmpl-1', model: 'gpt-real' }));
    await (await gateway.complete({}, { 'x-request-id': 'mine' })).text();
    const { request, attempts } = await traced();
    const line = await gateway.ended();
    expect(request).toMatchObject({
      name: 'POST /v1/chat/completions',
      parentSpanId: undefined,
      isError: false,
      events: [{ name: 'sluice.first_content' }],
    });
    expect(request.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/chat/completions',
      'http.response.status_code': 200,
      'url.path': '/v1/chat/completions',
      'sluice.request_id': 'mine',
      'sluice.stream_id': line['streamId'],
      'sluice.caller': 'anonymous',
      'sluice.model': 'gpt-only',
      'sluice.dialect': 'chat-completions',
      'sluice.streaming': true,
      'sluice.attempts': 1,
      'sluice.end_reason': 'completed',
    });
    expect(request.attributes).not.toHaveProperty('error.type');
    expect(attempts).toMatchObject([
      {
        name: 'chat gpt-4o-2024',
        traceId: request.traceId,
        parentSpanId: request.spanId,
        isError: false,
      },
    ]);
    const { port } = new URL(gateway.openai.url);
    expect(attempts[0]!.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o-2024',
      'gen_ai.request.stream': true,
      'gen_ai.response.model': 'gpt-real',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.response.time_to_first_chunk': expect.any(Number),
      'gen_ai.usage.input_tokens': 9,
      'gen_ai.usage.output_tokens': expect.any(Number),
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'server.port': Number(port),
      'sluice.backend': 'openai',
      'sluice.outcome': 'ok',
    });
    expect(line['traceId']).toBe(request.traceId);
  });

  it.each([
    ['ollama', 'llama3', ollama],
    ['anthropic', 'claude', anthropic],
  ] as const)('names its provider by its kind: %s', async (kind, model, scripts) => {
    await start();
    gateway[kind].script(scripts.answersText('Hi'));
    await (await gateway.complete({ model, stream: false })).text();
    const { attempts } = await traced();
    expect(attempts[0]!.attributes).toMatchObject({
      'gen_ai.provider.name': kind,
      'gen_ai.request.stream': false,
      'gen_ai.response.finish_reasons': ['stop'],
    });
    expect(attempts[0]!.attributes).not.toHaveProperty('gen_ai.response.time_to_first_chunk');
  });

  it('tells of a fallback, and what the failed attempt failed by', async () => {
    await start();
    gateway.openai.script(failsWith(500, openAiError('secret of the provider')));
    gateway.ollama.script(ollama.streamsText(TOKENS));
    await (await gateway.complete({ model: 'gpt-4o' })).text();
    const { request, attempts } = await traced();
    expect(request.events).toEqual([
      {
        name: 'sluice.fallback',
        attributes: {
          'sluice.target': 'openai/gpt-4o-2024',
          'error.type': 'upstream_unavailable',
          'sluice.fallback.target': 'ollama/llama3',
        },
      },
      { name: 'sluice.first_content', attributes: {} },
    ]);
    expect(request.isError).toBe(false);
    const seen = attempts.map((each) => [each.name, each.isError, each.attributes['error.type']]);
    expect(seen).toEqual([
      ['chat gpt-4o-2024', true, 'upstream_unavailable'],
      ['chat llama3', false, undefined],
    ]);
    expect(attempts[0]!.attributes['http.response.status_code']).toBe(500);
    expect(receiver.bodies.join('')).not.toContain('secret of the provider');
  });

  it('tells of a retry', async () => {
    await start({ retry: { limit: 1, baseDelayMs: 1, maxDelayMs: 2 } });
    gateway.openai.script(failsWith(500, openAiError('boom')), openAi.streamsText(TOKENS));
    await (await gateway.complete()).text();
    const { request, attempts } = await traced();
    expect(request.events.map(({ name }) => name)).toEqual([
      'sluice.retry',
      'sluice.first_content',
    ]);
    expect(attempts).toHaveLength(2);
  });

  it('tells of a cut, and is an error although its status is 200', async () => {
    await start();
    gateway.openai.script(openAi.streamsTextThenCuts(TOKENS));
    await (await gateway.complete()).text().catch(() => undefined);
    const { request, attempts } = await traced();
    const cut = { 'sluice.target': 'openai/gpt-4o-2024', 'error.type': 'upstream_cut' };
    expect(request.events.at(-1)).toEqual({ name: 'sluice.cut', attributes: cut });
    expect(request.isError).toBe(true);
    expect(request.attributes).toMatchObject({
      'http.response.status_code': 200,
      'error.type': 'upstream_cut',
      'sluice.end_reason': 'upstream_cut',
    });
    expect(attempts).toMatchObject([
      { isError: true, attributes: { 'error.type': 'upstream_cut' } },
    ]);
  });

  it('tells of a recovery, by whom and how it ended', async () => {
    const model = { id: 'm', recovery: 'always', targets: ['openai/same', 'ollama/same'] };
    await start({ models: [model] });
    gateway.openai.script(openAi.streamsTextThenCuts(TOKENS.slice(0, 2)));
    gateway.ollama.script(ollama.streamsText(TOKENS));
    await (await gateway.complete({ model: 'm' })).text();
    const { request, attempts } = await traced();
    expect(request.events.map(({ name }) => name)).toEqual([
      'sluice.first_content',
      'sluice.cut',
      'sluice.recovery',
    ]);
    const outcome = { 'sluice.recovery.outcome': 'regenerated' };
    expect(request.events.at(-1)!.attributes).toEqual(outcome);
    expect(attempts.map(({ attributes }) => attributes['sluice.outcome'])).toEqual([
      'upstream_cut',
      'ok',
    ]);
    expect(request.isError).toBe(false);
  });

  it('tells of a wait that was too long, and where the time went', async () => {
    await start({ streams: { stallMs: 20 } });
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const answer = gateway.complete();
    await step.next('one');
    const reader = new SseReader(await answer);
    await reader.next();
    await pause(60);
    await step.next('two');
    await step.finish();
    await reader.all();
    const { request } = await traced();
    const stall = request.events.find(({ name }) => name === 'sluice.stall');
    expect(stall?.attributes).toMatchObject({ 'sluice.waited_on': 'upstream' });
    expect(request.attributes['sluice.waited_ms.upstream']).toBeGreaterThanOrEqual(50);
  });

  it('ends when its caller leaves, which is nobody’s error', async () => {
    await start();
    gateway.openai.script(stallsBeforeHeaders());
    const abort = new AbortController();
    const answer = gateway.complete({}, {}, abort.signal).catch(() => undefined);
    await gateway.openai.request(0);
    abort.abort();
    await answer;
    await gateway.ended();
    const { request, attempts } = await traced();
    expect(request.isError).toBe(false);
    expect(request.attributes).toMatchObject({ 'sluice.end_reason': 'client_closed' });
    for (const name of ['http.response.status_code', 'error.type'])
      expect(request.attributes).not.toHaveProperty(name);
    expect(attempts).toMatchObject([
      { isError: false, attributes: { 'sluice.outcome': 'cancelled' } },
    ]);
  });

  it.each([
    ['a body that is none', '{', 400, 'invalid_request', false],
    [
      'a model that nobody has',
      '{"model":"x","messages":[{"role":"user","content":"Hi"}]}',
      404,
      'model_not_found',
      false,
    ],
  ])('of %s has no attempt, and names the fault', async (_, body, status, fault, isError) => {
    await start();
    expect((await gateway.post('/v1/chat/completions', body)).status).toBe(status);
    const { request, attempts } = await traced();
    expect(attempts).toEqual([]);
    expect(request).toMatchObject({
      isError,
      attributes: { 'http.response.status_code': status, 'error.type': fault },
    });
  });

  it('of a caller without a key names its fault, and no caller', async () => {
    const keys = [{ id: 'app', hashes: [`sha256:${'0'.repeat(64)}`] }];
    await start({ access: { mode: 'keys', keys } });
    const response = await gateway.complete({}, { authorization: 'Bearer sk-wrong-key' });
    expect(response.status).toBe(401);
    const { request } = await traced();
    expect(request).toMatchObject({
      isError: false,
      attributes: { 'error.type': 'unauthenticated' },
    });
    expect(receiver.bodies.join('')).not.toContain('sk-wrong-key');
  });

  it('is an error where every target failed', async () => {
    await start();
    gateway.openai.script(failsWith(500, openAiError('boom')));
    expect((await gateway.complete()).status).toBe(502);
    const { request } = await traced();
    expect(request).toMatchObject({
      isError: true,
      attributes: { 'http.response.status_code': 502, 'error.type': 'upstream_unavailable' },
    });
  });

  it('has the route of a path with a name in it, and not its query', async () => {
    await start();
    gateway.openai.script(openAi.streamsText(TOKENS));
    await (await gateway.get('/chat/team/gpt?message=my-secret-prompt')).text();
    await gateway.shutDown();
    expect(receiver.trace().request).toMatchObject({
      name: 'GET /chat/*model',
      attributes: { 'url.path': '/chat/team/gpt', 'http.route': '/chat/*model' },
    });
    const all = receiver.bodies.join('');
    for (const word of ['my-secret-prompt', 'quick', 'sk-upstream-secret'])
      expect(all).not.toContain(word);
  });

  it('is that of a count and of a ticket, too, and of nothing that is asked for by watchers', async () => {
    await start();
    gateway.anthropic.script(answers({ input_tokens: 14 }));
    const messages = [{ role: 'user', content: 'Hi' }];
    for (const path of ['/livez', '/metrics', '/v1/models']) await (await gateway.get(path)).text();
    await gateway.post('/v1/messages/count_tokens', { model: 'claude', messages });
    await gateway.post('/chat/tickets', { messages });
    await fetch(`${gateway.url}/v1/chat/completions`, { method: 'OPTIONS' });
    await gateway.shutDown();
    expect(receiver.spans.map(({ name }) => name)).toEqual([
      'POST /v1/messages/count_tokens',
      'POST /chat/tickets',
    ]);
  });
});
