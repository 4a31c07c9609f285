import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { doneLine, ollama, toolCallsLine } from '../support/ollama-script.js';
import { completion, openAi, OPENAI_USAGE } from '../support/openai-script.js';
import { answers } from '../support/upstream-scripts.js';

describe('a whole answer (stream: false)', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ streams: { commitAfterMs: 1, heartbeatMs: 1 } });
  });
  afterEach(() => gateway.close());

  const ask = (model: string, fields = {}): Promise<Response> =>
    gateway.complete({ model, stream: false, ...fields });

  it.each([
    ['stream: false', { stream: false }],
    ['stream: null', { stream: null }],
    ['no stream', { stream: undefined }],
  ])('is what a caller with %s gets', async (_, fields) => {
    gateway.openai.script(openAi.answersText('Hello'));
    const response = await ask('gpt-only', fields);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual(completion('Hello'));
    expect(gateway.openai.requests[0]!.body['stream']).toBe(false);
    expect(gateway.openai.requests[0]!.body).not.toHaveProperty('stream_options');
  });

  it('of OpenAI is passed on unchanged, with all that Sluice does not know', async () => {
    const fields = { system_fingerprint: 'fp_1', service_tier: 'flex', x_new: [{ a: null }] };
    const options = { id: 'chatcmpl-42', model: 'gpt-4o-2024-08-06', fields };
    const message = { content: 'Hi', audio: { id: 'a' }, annotations: [], reasoning_content: 'hm' };
    const json = {
      ...completion('', options),
      choices: [{ index: 0, message, finish_reason: 'stop', logprobs: { content: [] } }],
      usage: { ...OPENAI_USAGE, prompt_tokens_details: { cached_tokens: 4 }, cost: 0.1 },
    };
    gateway.openai.script(answers(json));
    const response = await ask('gpt-only');
    expect(await response.text()).toBe(JSON.stringify(json));
  });

  it.each([
    ['n 1, as the upstream wrote it', { choices: [{ message: { content: 'Hi' } }] }],
    ['a refusal', { choices: [{ message: { content: null, refusal: 'No.' } }], usage: null }],
    ['no text at all', { choices: [{ message: {}, finish_reason: 'content_filter' }] }],
  ])('is taken as it is with %s', async (_, json) => {
    gateway.openai.script(answers(json));
    const response = await ask('gpt-4o');
    expect(await response.json()).toEqual(json);
    expect(response.headers.get('x-sluice-attempts')).toBe('1');
  });

  it('of Ollama is built', async () => {
    gateway.ollama.script(ollama.answersText('Hello ☕'));
    const response = await ask('llama3');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^chatcmpl-.{8}/),
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'llama3',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello ☕', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: OPENAI_USAGE,
    });
    expect(gateway.ollama.requests[0]).toMatchObject({
      path: '/api/chat',
      body: { model: 'llama3', stream: false },
    });
  });

  it('of Ollama has its thinking and its tool calls, and no usage that it did not report', async () => {
    const calls = toolCallsLine([{ name: 'weather', arguments: { city: 'Bern' } }])['message'];
    const message = { ...(calls as object), thinking: 'hm' };
    gateway.ollama.script(answers({ ...doneLine({ counts: false }), message }));
    const json: unknown = await (await ask('llama3')).json();
    expect(json).toMatchObject({
      choices: [
        {
          message: {
            content: null,
            reasoning_content: 'hm',
            tool_calls: [
              {
                id: expect.stringMatching(/^call_.{8}/),
                type: 'function',
                function: { name: 'weather', arguments: '{"city":"Bern"}' },
              },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
    });
    expect(json).not.toHaveProperty('usage');
  });

  it.each([
    ['gpt-4o', 'openai', '1'],
    ['llama3', 'ollama', '1'],
  ] as const)('of %s says who gave it', async (model, backend, attempts) => {
    gateway.openai.script(openAi.answersText('Hi'));
    gateway.ollama.script(ollama.answersText('Hi'));
    const { headers } = await ask(model);
    expect(headers.get('x-sluice-model')).toBe(model);
    expect(headers.get('x-sluice-backend')).toBe(backend);
    expect(headers.get('x-sluice-attempts')).toBe(attempts);
    expect(headers.get('x-request-id')).toMatch(/./);
    expect(await gateway.ended()).toMatchObject({
      endReason: 'completed',
      finishReason: 'stop',
      inputTokens: 9,
      outputTokens: 3,
      attempts: [{ outcome: 'ok', status: 200 }],
    });
  });

  it('has nothing to do with commitAfterMs and heartbeats', async () => {
    const answer = Promise.withResolvers<void>();
    gateway.openai.script(async (exchange) => {
      await answer.promise;
      exchange.respond(429, { error: { message: 'slow down' } });
    });
    const response = ask('gpt-only');
    await gateway.openai.request(0);
    for (let n = 0; n < 3; n += 1) await gateway.get('/livez');
    answer.resolve();
    expect((await response).status).toBe(429);
  });
});
