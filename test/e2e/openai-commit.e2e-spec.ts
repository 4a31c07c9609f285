import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chunkOf, deltaOf, readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { contentChunk, openAi, openAiError } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { failsWith, stallsBeforeHeaders } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const HEARTBEAT = { comment: 'heartbeat' };

describe('before the first content', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  it('the caller gets nothing, not even a status', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const caller = new AbortController();
    let status: number | undefined;
    const response = gateway.complete({}, {}, caller.signal).then((got) => {
      status = got.status;
      return got;
    });
    await step.open();
    await step.begin();
    // Whatever was on its way to the caller would overtake these.
    for (let n = 0; n < 3; n += 1) await gateway.get('/livez');
    expect(status).toBeUndefined();
    await step.next('Hi');
    expect((await response).status).toBe(200);
    caller.abort();
    await gateway.openai.left(0);
  });

  it('the role chunk, a comment or an empty delta are not taken for content', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    gateway.ollama.script(ollama.streamsText(['Hello']));
    const response = gateway.complete({ model: 'gpt-4o' });
    await step.begin();
    await step.send(': ping\n\n');
    await step.send(`data: ${JSON.stringify(contentChunk(''))}\n\n`);
    await step.cut();
    const { text, done } = await readCompletion(await response);
    expect([text, done]).toEqual(['Hello', true]);
    expect((await response).headers.get('x-sluice-backend')).toBe('ollama');
  });
});

describe('without content for commitAfterMs', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({
      streams: { commitAfterMs: 30, heartbeatMs: 10 },
      models: [
        { id: 'patient', targets: ['openai/gpt', 'ollama/llama3'] },
        {
          id: 'hasty',
          targets: [
            { backend: 'openai', model: 'gpt', streams: { firstTokenMs: 200 } },
            'ollama/llama3',
          ],
        },
      ],
    });
  });
  afterEach(() => gateway.close());

  it('the status goes out and heartbeats flow until there is content', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = await gateway.complete({ model: 'patient' }, { 'x-request-id': 'mine' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(response.headers.get('x-request-id')).toBe('mine');
    expect(response.headers.get('x-sluice-model')).toBe('patient');
    // Nobody knows yet who will answer.
    expect(response.headers.get('x-sluice-backend')).toBeNull();
    expect(response.headers.get('x-sluice-attempts')).toBeNull();

    const reader = new SseReader(response);
    for (let n = 0; n < 4; n += 1) expect(await reader.next()).toEqual(HEARTBEAT);
    expect(reader.raw).toMatch(/^(: heartbeat\n\n)+$/);
    await step.next('Hi');
    await step.finish();
    expect(deltaOf(chunkOf(await reader.nextEvent()))['role']).toBe('assistant');
    expect(chunkOf(await reader.nextEvent())).toEqual(contentChunk('Hi'));
    expect((await reader.all()).at(-1)).toEqual({ data: '[DONE]' });
    expect(reader.ended).toBe('clean');
    expect(gateway.ollama.requests).toHaveLength(0);
  });

  it('the next target still answers for a silent one, with one whole answer', async () => {
    const step = ollama.stepper();
    gateway.openai.script(stallsBeforeHeaders());
    gateway.ollama.script(step.script);
    const response = await gateway.complete({ model: 'hasty' });
    const reader = new SseReader(response);
    expect(await reader.next()).toEqual(HEARTBEAT);
    await gateway.openai.left(0);
    await gateway.ollama.request(0);
    expect(await reader.next()).toEqual(HEARTBEAT);
    await step.next('Hel');
    await step.next('lo');
    await step.finish();
    const events = (await reader.all()).filter(({ comment }) => comment === undefined);
    expect(events.map(({ data }) => data).at(-1)).toBe('[DONE]');
    const deltas = events.slice(0, -1).map((event) => deltaOf(chunkOf(event)));
    expect(deltas).toEqual([{ role: 'assistant', content: 'Hel' }, { content: 'lo' }, {}]);
    expect(reader.ended).toBe('clean');
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 1]);
    expect(await gateway.ended()).toMatchObject({
      endReason: 'completed',
      target: 'ollama/llama3',
      attempts: [{ outcome: 'first_token_timeout' }, { outcome: 'ok' }],
    });
  });

  it('the failure of all targets is one error frame and an unclean end', async () => {
    gateway.openai.script(stallsBeforeHeaders());
    gateway.ollama.script(failsWith(500, { error: 'boom at 10.0.0.7' }));
    const response = await gateway.complete({ model: 'hasty' }, { 'x-request-id': 'mine' });
    expect(response.status).toBe(200);
    const reader = new SseReader(response);
    const items = await within(reader.all(), 'the stream ends');
    expect(items[0]).toEqual(HEARTBEAT);
    expect(items.filter(({ comment }) => comment === undefined)).toHaveLength(1);
    expect(chunkOf(items.at(-1))).toEqual({
      error: {
        message: 'Backend "ollama" is unavailable at the moment.',
        type: 'server_error',
        code: 'upstream_unavailable',
        param: null,
        requestId: 'mine',
        attempts: [
          { backend: 'openai', fault: 'first_token_timeout' },
          { backend: 'ollama', fault: 'upstream_unavailable' },
        ],
      },
    });
    expect(reader.raw).toMatch(/\n\ndata: \{"error":[^\n]*\n\n$/);
    expect(reader.raw).not.toContain('event:');
    expect(reader.ended).toBe('cut');
    expect(await gateway.ended()).toMatchObject({
      endReason: 'upstream_error',
      fault: 'upstream_unavailable',
      attempts: [{ outcome: 'first_token_timeout' }, { outcome: 'upstream_unavailable' }],
    });
  });

  it('a mistake of the caller is told in the stream, and no other target is asked', async () => {
    const upstream = Promise.withResolvers<void>();
    gateway.openai.script(async (exchange) => {
      await upstream.promise;
      exchange.respond(400, openAiError('top_p is wrong', { param: 'top_p', type: 'whatever' }));
    });
    const reader = new SseReader(await gateway.complete({ model: 'patient' }));
    expect(await reader.next()).toEqual(HEARTBEAT);
    upstream.resolve();
    expect(chunkOf(await reader.nextEvent())).toMatchObject({
      error: { message: 'top_p is wrong', type: 'invalid_request_error', param: 'top_p' },
    });
    expect(await reader.nextEvent()).toBeUndefined();
    expect(reader.ended).toBe('cut');
    expect(gateway.ollama.requests).toHaveLength(0);
  });

  it('a caller that leaves is noticed, and its upstream left', async () => {
    gateway.openai.script(stallsBeforeHeaders());
    const reader = new SseReader(await gateway.complete({ model: 'patient' }));
    expect(await reader.next()).toEqual(HEARTBEAT);
    await reader.leave();
    await gateway.openai.left(0);
    expect(await gateway.ended()).toMatchObject({ endReason: 'client_closed' });
    expect(gateway.ollama.requests).toHaveLength(0);
  });

  it('heartbeats also fill the silence between tokens, and none comes after the end', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = gateway.complete({ model: 'patient' });
    await step.next('Hel');
    const reader = new SseReader(await response);
    expect(deltaOf(chunkOf(await reader.nextEvent()))['role']).toBe('assistant');
    expect(chunkOf(await reader.nextEvent())).toEqual(contentChunk('Hel'));
    expect(await reader.next()).toEqual(HEARTBEAT);
    expect(await reader.next()).toEqual(HEARTBEAT);
    await step.next('lo');
    expect(chunkOf(await reader.nextEvent())).toEqual(contentChunk('lo'));
    await step.finish();
    expect((await reader.all()).at(-1)).toEqual({ data: '[DONE]' });
    expect(reader.ended).toBe('clean');
  });
});
