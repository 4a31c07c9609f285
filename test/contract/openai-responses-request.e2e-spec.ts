import { describe, expect, it } from 'vitest';
import { createOpenAiBackend } from '../../src/backends/openai/openai.backend.js';
import type { Target } from '../../src/contract/chat-backend.js';
import type { ChatRequest } from '../../src/contract/chat-request.js';
import type { JsonObject } from '../../src/contract/json.js';
import { contextOf } from '../support/attempt-context.js';
import { failure } from '../support/failure.js';
import { openAi } from '../support/openai-script.js';
import { responses } from '../support/responses-script.js';
import { all, BackendUnderTest, REQUEST, TARGET } from './backend-under-test.js';

const HOSTED = { type: 'web_search' };

function asking(body: JsonObject, fields: Partial<ChatRequest> = {}): ChatRequest {
  return { ...REQUEST, ...fields, native: { dialect: 'responses', body } };
}

function reasoning(encrypted?: unknown): JsonObject {
  return {
    type: 'reasoning',
    id: 'rs_1',
    summary: [],
    ...(encrypted !== undefined && { encrypted_content: encrypted }),
  };
}

describe('a backend with both of OpenAI’s APIs', () => {
  const test = new BackendUnderTest({
    create: (settings) => createOpenAiBackend({ ...settings, responses: true }),
    baseUrlOf: (upstream) => upstream.openaiUrl,
  });

  async function sent(request: ChatRequest, target: Target = TARGET): Promise<JsonObject> {
    test.upstream.script(responses.streamsText(['Hi']));
    await all(await test.backend.open(request, target, contextOf()));
    const { path, body } = test.upstream.requests.at(-1)!;
    expect(path).toBe('/v1/responses');
    return body;
  }

  it('sends its caller’s own body, with what is Sluice’s to say', async () => {
    const body = {
      model: 'public-name',
      input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }],
      tools: [HOSTED, { type: 'custom', name: 'patch' }],
      include: ['reasoning.encrypted_content'],
      stream: false,
      store: true,
      unknown: { of: 'tomorrow' },
    };
    const own = { ...body, model: 'asked-model', store: false };
    expect(await sent(asking(body))).toEqual({ ...own, stream: true });
    expect(test.backend.fit(asking(body), TARGET)).toEqual({ ignored: ['store'] });

    test.upstream.script(responses.answersText('Hi'));
    await test.backend.complete(asking({ ...body, stream: true }), TARGET, contextOf());
    expect(test.upstream.requests.at(-1)).toMatchObject({
      path: '/v1/responses',
      body: { ...own, stream: false },
    });
  });

  it('asks for all other callers over Chat Completions', async () => {
    const body = { messages: [{ role: 'user', content: 'Hi' }], logit_bias: { 1: 2 } };
    const others: ChatRequest[] = [
      REQUEST,
      { ...REQUEST, native: { dialect: 'chat-completions', body } },
    ];
    for (const request of others) {
      test.upstream.script(openAi.streamsText(['Hi']), openAi.answersText('Hi'));
      await all(await test.backend.open(request, TARGET, contextOf()));
      expect((await test.backend.complete(request, TARGET, contextOf())).text).toBe('Hi');
    }
    expect(test.upstream.requests.map(({ path }) => path)).toEqual(
      Array.from({ length: 4 }, () => '/v1/chat/completions'),
    );
  });

  it('does with what its target drops, renames and sets, but stores nothing', async () => {
    const target: Target = {
      ...TARGET,
      drop: ['truncation'],
      rename: { max_output_tokens: 'max_tokens' },
      set: { store: true, service_tier: 'flex', temperature: 0 },
    };
    const body = { input: 'Hi', truncation: 'auto', max_output_tokens: 50, temperature: 1 };
    expect(await sent(asking(body), target)).toEqual({
      model: 'asked-model',
      input: 'Hi',
      max_tokens: 50,
      service_tier: 'flex',
      temperature: 0,
      stream: true,
      store: false,
    });
    expect(test.backend.fit(asking(body), target)).toEqual({ ignored: ['truncation'] });
  });

  it('has another role for developers where its target wants one', async () => {
    const input = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ];
    const target: Target = { ...TARGET, developerRole: 'system' };
    expect((await sent(asking({ input }), target))['input']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ]);
  });

  it('leaves out reasoning that is not sealed by the upstream itself', async () => {
    const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '' };
    const input = [
      reasoning(),
      reasoning(null),
      reasoning(''),
      reasoning('sluice.eyJwcm92aWRlciI6ImFudGhyb3BpYyJ9'),
      reasoning('gAAAAABsealed'),
      call,
      { type: 'of_tomorrow' },
    ];
    expect((await sent(asking({ input })))['input']).toEqual([
      reasoning('gAAAAABsealed'),
      call,
      { type: 'of_tomorrow' },
    ]);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['without one', {}, { max_output_tokens: 100 }],
    ['within it', { max_output_tokens: 60 }, { max_output_tokens: 60 }],
    ['beyond it', { max_output_tokens: 600 }, { max_output_tokens: 100 }],
    ['by nothing at all', { max_output_tokens: null }, { max_output_tokens: 100 }],
    [
      'by the names of other servers',
      { max_tokens: 600, extra_body: { n_predict: -1 } },
      { max_tokens: 100, extra_body: { n_predict: 100 }, max_output_tokens: 100 },
    ],
  ])('keeps the limit of a bound caller that asks %s', async (_, fields, limits) => {
    const request = asking(
      { input: 'Hi', ...fields },
      { isOutputBound: true, sampling: { maxTokens: 100 } },
    );
    expect(await sent(request)).toEqual({
      model: 'asked-model',
      input: 'Hi',
      stream: true,
      store: false,
      ...limits,
    });
  });

  it('does not fit a bound caller where its target takes no limit', () => {
    const request = asking({ input: 'Hi' }, { isOutputBound: true, sampling: { maxTokens: 9 } });
    const target: Target = { ...TARGET, drop: ['max_output_tokens'] };
    expect(test.backend.fit(request, target).unsupported?.param).toBe('max_output_tokens');
    const set = { max_output_tokens: 5 };
    expect(test.backend.fit(request, { ...target, set }).unsupported).toBeUndefined();
    expect(test.backend.fit(request, TARGET)).toEqual({ ignored: [] });
  });

  it('lets a bound caller name no other model, not even for a tool', async () => {
    const tools = [{ type: 'image_generation', model: 'gpt-image-9', quality: 'low' }, HOSTED];
    const request = asking({ input: 'Hi', models: ['x'], tools }, { isBoundToModel: true });
    expect(await sent(request)).toEqual({
      model: 'asked-model',
      input: 'Hi',
      tools: [{ type: 'image_generation', quality: 'low' }, HOSTED],
      stream: true,
      store: false,
    });
    expect(test.backend.fit(request, TARGET).ignored).toEqual(['models']);
    expect((await sent(asking({ input: 'Hi', tools })))['tools']).toEqual(tools);
  });

  it('fits whatever its dialect can say, and of another one what is carried', () => {
    const unmodelled = { shape: ['tools[0]'], hints: ['truncation'] };
    const request = asking({ input: [], tools: [HOSTED] }, { unmodelled });
    expect(test.backend.fit(request, TARGET)).toEqual({ ignored: [] });
    const { native: _, ...foreign } = request;
    expect(test.backend.fit(foreign, TARGET).unsupported?.param).toBe('tools[0]');
  });

  it('goes on with an answer over Chat Completions, where it can be said there', async () => {
    test.upstream.script(openAi.streamsText(['lo']));
    const begun = { prefill: 'Hel' };
    await all(await test.backend.open(asking({ input: 'Hi' }, begun), TARGET, contextOf()));
    expect(test.upstream.requests.at(-1)).toMatchObject({
      path: '/v1/chat/completions',
      body: { messages: [{ role: 'user' }, { role: 'assistant', content: 'Hel' }] },
    });

    const unmodelled = { shape: ['tools[0]'], hints: [] };
    const hosted = asking({ input: 'Hi', tools: [HOSTED] }, { ...begun, unmodelled });
    const error = await failure(test.backend.open(hosted, TARGET, contextOf()));
    expect(error).toMatchObject({ fault: 'unsupported_feature', param: 'tools[0]' });
    expect(error.breakerEffect).toBe('ignore');
    expect(test.upstream.requests).toHaveLength(1);
  });
});

describe('a backend without OpenAI’s Responses', () => {
  const test = new BackendUnderTest({
    create: (settings) => createOpenAiBackend(settings),
    baseUrlOf: (upstream) => upstream.openaiUrl,
  });

  it('is asked over Chat Completions by everybody', async () => {
    test.upstream.script(openAi.streamsText(['Hi']));
    await all(await test.backend.open(asking({ input: 'Hi' }), TARGET, contextOf()));
    expect(test.upstream.requests[0]!.path).toBe('/v1/chat/completions');
  });

  it('does not fit what only its own dialect can say', () => {
    const unmodelled = { shape: ['tools[0]'], hints: ['truncation'] };
    expect(test.backend.fit(asking({ input: 'Hi' }, { unmodelled }), TARGET)).toMatchObject({
      ignored: ['truncation'],
      unsupported: { param: 'tools[0]' },
    });
  });
});
