import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { SlowCaller } from '../support/slow-caller.js';
import { failsWith } from '../support/upstream-scripts.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('the headers of a Chat Completion', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['Hi']));
    gateway.ollama.script(ollama.streamsText(['Hi']));
  });
  afterEach(() => gateway.close());

  it('make proxies and browsers pass the stream on as it comes', async () => {
    const { status, headers } = await gateway.complete();
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(headers.get('transfer-encoding')).toBe('chunked');
  });

  it('are all that the caller gets of who Sluice is', async () => {
    const { headers } = await gateway.complete();
    expect([...headers.keys()].filter((name) => name.startsWith('x-')).toSorted()).toEqual([
      'x-accel-buffering',
      'x-frame-options',
      'x-request-id',
      'x-sluice-attempts',
      'x-sluice-backend',
      'x-sluice-model',
    ]);
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it.each([true, false])('never announce a compressed body (stream: %s)', async (stream) => {
    gateway.openai.script(stream ? openAi.streamsText(['Hi']) : openAi.answersText('Hi'));
    const caller = await SlowCaller.connect(gateway.url);
    const response = caller.send({
      path: '/v1/chat/completions',
      headers: { 'accept-encoding': 'gzip, deflate, br, zstd' },
      body: { model: 'gpt-only', stream, messages: [{ role: 'user', content: 'Hi' }] },
    });
    expect((await response.head()).headers).not.toHaveProperty('content-encoding');
    expect(await response.rest()).toContain('"Hi"');
    expect(response.cleanEnd).toBe(true);
    caller.leave();
  });

  it.each([
    ['gpt-4o', 'openai'],
    ['team/gpt', 'openai'],
    ['llama3', 'ollama'],
  ])('name the model %s and the backend %s that answers', async (model, backend) => {
    const { headers } = await gateway.complete({ model });
    expect(headers.get('x-sluice-model')).toBe(model);
    expect(headers.get('x-sluice-backend')).toBe(backend);
    expect(headers.get('x-sluice-attempts')).toBe('1');
    expect(headers.get('x-sluice-ignored')).toBeNull();
  });

  it('can name a model that no header could hold as it is', async () => {
    await gateway.close();
    gateway = await Gateway.start({ models: [{ id: 'модель', targets: ['openai/gpt'] }] });
    gateway.openai.script(openAi.streamsText(['Hi']));
    const response = await gateway.complete({ model: 'модель' });
    expect(response.status).toBe(200);
    expect(decodeURI(response.headers.get('x-sluice-model')!)).toBe('модель');
  });

  it.each(['a', 'req_1.2-3', 'x'.repeat(128)])('keep the request id %s', async (id) => {
    const { headers } = await gateway.complete({}, { 'x-request-id': id });
    expect(headers.get('x-request-id')).toBe(id);
    expect(await gateway.ended()).toMatchObject({ requestId: id });
  });

  it.each([
    ['is missing', {}],
    ['is empty', { 'x-request-id': '' }],
    ['is too long', { 'x-request-id': 'x'.repeat(129) }],
    ['has other characters', { 'x-request-id': 'a b' }],
    ['could forge a log line', { 'x-request-id': '{"a":1}' }],
  ])('have a new request id where the one of the caller %s', async (_, given) => {
    const { headers } = await gateway.complete({}, given);
    const id = headers.get('x-request-id')!;
    expect(id).toMatch(UUID);
    expect(await gateway.ended()).toMatchObject({ requestId: id });
  });

  it('never pass on the request id that the upstream made, which is for the log', async () => {
    gateway.openai.script(
      openAi.streamsText(['Hi'], { headers: { 'x-request-id': 'req_upstream', 'x-other': '1' } }),
    );
    const { headers } = await gateway.complete({}, { 'x-request-id': 'mine' });
    expect(headers.get('x-request-id')).toBe('mine');
    expect(headers.get('x-other')).toBeNull();
    expect(await gateway.ended()).toMatchObject({
      requestId: 'mine',
      attempts: [{ target: 'openai/gpt-4o-2024', outcome: 'ok', requestId: 'req_upstream' }],
    });
  });

  it.each([true, false])('of a failure say as much as is known (stream: %s)', async (stream) => {
    gateway.openai.script(failsWith(500, openAiError('boom')));
    const response = await gateway.complete({ stream }, { 'x-request-id': 'mine' });
    expect(response.status).toBe(502);
    const { headers } = response;
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(headers.get('x-request-id')).toBe('mine');
    expect(headers.get('x-sluice-model')).toBe('gpt-only');
    expect(headers.get('x-sluice-attempts')).toBe('1');
    expect(headers.get('x-sluice-backend')).toBeNull();
    expect(await response.json()).toMatchObject({ error: { requestId: 'mine' } });
  });
});
