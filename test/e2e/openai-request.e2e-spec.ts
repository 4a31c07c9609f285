import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import type { UpstreamRequest } from '../support/scripted-upstream.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';

describe('what an OpenAI upstream receives', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['Hi']));
    gateway.ollama.script(ollama.streamsText(['Hi']));
  });
  afterEach(() => gateway.close());

  async function received(fields: object, headers = {}): Promise<UpstreamRequest> {
    const response = await gateway.complete(fields, headers);
    expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
    return gateway.openai.requests[0]!;
  }

  const EVERYTHING = {
    messages: [
      { role: 'developer', content: 'Be brief.', name: 'ops' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this? 👩‍💻 \u0000 \u2028' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
          { type: 'file', file: { file_id: 'file-1' } },
          { type: 'x_of_tomorrow', x: [1] },
        ],
      },
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'hm',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"a": 1}' } },
          { id: 'call_2', type: 'custom', custom: { name: 'grep', input: 'x' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'A cat.' }] },
      { role: 'function', name: 'look', content: 'A cat.' },
    ],
    temperature: 0,
    top_p: 0.5,
    max_completion_tokens: 100,
    stop: ['\n', 'END'],
    seed: 42,
    presence_penalty: -1.5,
    frequency_penalty: 2,
    logit_bias: { '50256': -100 },
    logprobs: true,
    top_logprobs: 5,
    n: 1,
    response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {}, strict: true } },
    tools: [
      { type: 'function', function: { name: 'look', parameters: { type: 'object', x: [[]] } } },
      { type: 'custom', custom: { name: 'grep', format: { type: 'text' } } },
    ],
    tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } },
    parallel_tool_calls: false,
    reasoning_effort: 'minimal',
    verbosity: 'low',
    metadata: { trace: 'a' },
    store: true,
    user: 'u1',
    safety_identifier: 's1',
    prompt_cache_key: 'k1',
    service_tier: 'flex',
    prediction: { type: 'content', content: 'A' },
    web_search_options: {},
    x_vendor: { deep: [{ er: [null, true, 1.5, ''] }] },
  };

  it('is every field of the caller, with the name of the target for its model', async () => {
    const { body, method, path, headers } = await received(EVERYTHING);
    expect(body).toEqual({
      ...EVERYTHING,
      model: 'gpt-4o-2024',
      stream: true,
      stream_options: { include_usage: true },
    });
    expect([method, path]).toEqual(['POST', '/v1/chat/completions']);
    expect(headers['content-type']).toBe('application/json');
  });

  it('is the same without streaming', async () => {
    gateway.openai.script(openAi.answersText('Hi'));
    const { body } = await received({ ...EVERYTHING, stream: false });
    expect(body).toEqual({ ...EVERYTHING, model: 'gpt-4o-2024', stream: false });
  });

  it('has the nulls of the caller, which mean absence', async () => {
    const { messages: _, ...optional } = EVERYTHING;
    const names = [...Object.keys(optional), 'max_tokens', 'stream_options', 'modalities', 'audio'];
    const nulls = Object.fromEntries(names.map((name) => [name, null]));
    const { body } = await received(nulls);
    expect(body).toMatchObject({ ...nulls, stream_options: { include_usage: true } });
    const response = await gateway.complete({ model: 'llama3', ...nulls });
    expect([response.status, response.headers.get('x-sluice-ignored')]).toEqual([200, null]);
    expect(gateway.ollama.requests[0]!.body).toEqual({
      model: 'llama3',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
      options: {},
    });
  });

  it('is authorized by the key of the backend, and never by what the caller sent', async () => {
    const mine = {
      authorization: 'Bearer sk-of-the-caller',
      cookie: 'session=1',
      'x-api-key': 'sk-of-the-caller',
      'openai-organization': 'org-of-the-caller',
      'openai-project': 'proj-of-the-caller',
      'x-request-id': 'id-of-the-caller',
      'x-sluice-fallback': 'never',
    };
    const { headers, rawBody } = await received({}, mine);
    expect(headers.authorization).toBe('Bearer sk-upstream-secret');
    expect(`${JSON.stringify(headers)}${rawBody}`).not.toMatch(/of-the-caller|session=1/);
    expect(Object.keys(headers).filter((name) => name.startsWith('x-'))).toEqual([]);
    await (await gateway.complete({ model: 'llama3' }, mine)).text();
    expect(gateway.ollama.requests[0]!.headers).not.toHaveProperty('authorization');
    expect(JSON.stringify(gateway.ollama.requests[0]!.headers)).not.toContain('of-the-caller');
    expect(gateway.log.text).not.toMatch(/sk-/);
  });

  it('is a prompt of several MB, down to the last character', async () => {
    const content = 'Grüße 👩‍💻 '.repeat(400_000);
    const { rawBody, body } = await received({ messages: [{ role: 'user', content }] });
    expect(rawBody.length).toBeGreaterThan(4_000_000);
    const [message] = body['messages'] as { content: string }[];
    expect(message!.content === content).toBe(true);
  });

  it('comes over one connection, request after request', async () => {
    for (let n = 0; n < 3; n += 1) await received({});
    expect(gateway.openai.connections).toBe(1);
  });
});

describe('what the configuration adds to a request', () => {
  it('is headers, query and options, and no Authorization without a key', async () => {
    const upstream = await ScriptedUpstream.start();
    const gateway = await Gateway.start({
      backends: [
        {
          id: 'azure',
          kind: 'openai',
          baseUrl: `${upstream.url}/deployments/a/`,
          headers: { 'api-key': 'k1', 'x-team': 'a' },
          query: { 'api-version': '2024-10-21' },
        },
      ],
      models: [
        {
          id: 'gpt-only',
          targets: [{ backend: 'azure', model: 'a/b', set: { service_tier: 'flex' } }],
        },
      ],
    });
    upstream.script(openAi.streamsText(['Hi']));
    const response = await gateway.complete();
    expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
    const { path, headers, body } = upstream.requests[0]!;
    expect(path).toBe('/deployments/a/chat/completions?api-version=2024-10-21');
    expect(headers).toMatchObject({ 'api-key': 'k1', 'x-team': 'a' });
    expect(headers).not.toHaveProperty('authorization');
    expect(body).toMatchObject({ model: 'a/b', service_tier: 'flex' });
    await Promise.all([upstream.close(), gateway.close()]);
  });
});
