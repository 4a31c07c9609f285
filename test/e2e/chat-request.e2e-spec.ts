import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { chatEvents } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import type { UpstreamRequest } from '../support/scripted-upstream.js';

const WEATHER = {
  name: 'weather',
  description: 'The weather in a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};

const SYSTEM = { role: 'system', content: 'Be brief.' };
const USER = { role: 'user', content: 'Weather?' };
const CONVERSATION = [
  SYSTEM,
  USER,
  {
    role: 'assistant',
    content: 'Let me see.',
    toolCalls: [{ id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' }],
  },
  { role: 'tool', toolCallId: 'call_1', content: 'sunny' },
];

const lookingAt = (url: string) => [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'What is it?' },
      { type: 'image', url },
    ],
  },
];

describe('what a chat request asks of the upstream', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start();
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    gateway.openai.script(openAi.streamsText(['ok']));
    gateway.ollama.script(ollama.streamsText(['ok']));
    gateway.openai.requests.length = 0;
    gateway.ollama.requests.length = 0;
  });

  /** The one upstream request that came of it. */
  async function asked(responding: Promise<Response>): Promise<UpstreamRequest> {
    const events = await chatEvents(await responding);
    expect(events.at(-1)?.type).toBe('done');
    const [request, ...others] = [...gateway.openai.requests, ...gateway.ollama.requests];
    expect(others).toEqual([]);
    return request!;
  }

  const postTo = (model: string, body: JsonObject) => asked(gateway.post(`/chat/${model}`, body));

  it('takes the model from a path that ends in a slash', async () => {
    const body = { model: 'gpt-only', messages: [USER] };
    expect(await asked(gateway.post('/chat/gpt-only/', body))).toBeDefined();
  });

  it('sends message and system of GET to OpenAI, with our key and nothing of the caller', async () => {
    const { method, path, headers, body } = await asked(
      gateway.get('/chat/gpt-only?message=Weather%3F&system=Be%20brief.', {
        authorization: 'Bearer callers-own',
        cookie: 'session=1',
        'x-forwarded-for': '1.2.3.4',
      }),
    );
    expect([method, path]).toEqual(['POST', '/v1/chat/completions']);
    expect(headers['authorization']).toBe('Bearer sk-upstream-secret');
    expect([headers['cookie'], headers['x-forwarded-for']]).toEqual([undefined, undefined]);
    expect(body).toEqual({
      model: 'gpt-4o-2024',
      stream: true,
      stream_options: { include_usage: true },
      messages: [SYSTEM, USER],
    });
  });

  it('sends message and system of GET to Ollama, without a key', async () => {
    const { method, path, headers, body } = await asked(
      gateway.get('/chat/llama3?message=Weather%3F&system=Be%20brief.'),
    );
    expect([method, path]).toEqual(['POST', '/api/chat']);
    expect(headers['authorization']).toBeUndefined();
    expect(body).toEqual({
      model: 'llama3',
      stream: true,
      options: {},
      messages: [SYSTEM, USER],
    });
  });

  const sampling = { temperature: 0, topP: 0.9, maxTokens: 12, stop: ['END', '\n'], seed: 7 };

  it('maps the sampling of POST to OpenAI, zeros included', async () => {
    const { body } = await postTo('gpt-only', { messages: [USER], ...sampling });
    expect(body).toMatchObject({
      temperature: 0,
      top_p: 0.9,
      max_tokens: 12,
      stop: ['END', '\n'],
      seed: 7,
    });
  });

  it('maps the sampling of POST to Ollama, zeros included', async () => {
    const { body } = await postTo('llama3', { messages: [USER], ...sampling });
    expect(body['options']).toEqual({
      temperature: 0,
      top_p: 0.9,
      num_predict: 12,
      stop: ['END', '\n'],
      seed: 7,
    });
  });

  it('maps a conversation with tools to OpenAI', async () => {
    const { body } = await postTo('gpt-only', { messages: CONVERSATION, tools: [WEATHER] });
    expect(body['tools']).toEqual([{ type: 'function', function: WEATHER }]);
    expect(body['messages']).toEqual([
      SYSTEM,
      USER,
      {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [
          {
            id: 'call_1',
            type: 'function',
            function: { name: 'weather', arguments: '{"city":"Bern"}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
    ]);
  });

  it('maps a conversation with tools to Ollama', async () => {
    const { body } = await postTo('llama3', { messages: CONVERSATION, tools: [WEATHER] });
    expect(body['tools']).toEqual([{ type: 'function', function: WEATHER }]);
    expect(body['messages']).toEqual([
      SYSTEM,
      USER,
      {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [{ function: { name: 'weather', arguments: { city: 'Bern' } } }],
      },
      { role: 'tool', content: 'sunny', tool_name: 'weather' },
    ]);
  });

  const image = 'data:image/png;base64,iVBORw0KGgo=';
  it('maps text and image parts to both backends', async () => {
    const toOpenAi = await postTo('gpt-only', { messages: lookingAt(image) });
    expect(toOpenAi.body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url: image } },
        ],
      },
    ]);
    gateway.openai.requests.length = 0;
    const toOllama = await postTo('llama3', { messages: lookingAt(image) });
    expect(toOllama.body['messages']).toEqual([
      { role: 'user', content: 'What is it?', images: ['iVBORw0KGgo='] },
    ]);
  });

  it('refuses an image by URL for a backend that needs its bytes, naming the part', async () => {
    const messages = lookingAt('https://example.com/cat.png');
    const response = await gateway.post('/chat/llama3', { messages });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'messages[0].content[1]' } });
    expect(gateway.ollama.requests).toHaveLength(0);
  });

  it('puts system before the messages of POST', async () => {
    const { body } = await postTo('llama3', { system: 'Be kind.', messages: [USER] });
    expect(body['messages']).toEqual([{ role: 'system', content: 'Be kind.' }, USER]);
  });

  it('keeps a request on its first target when the caller says so', async () => {
    gateway.openai.script((exchange) => exchange.respond(500, {}));
    const response = await gateway.get('/chat?message=Hi', { 'x-sluice-fallback': 'never' });
    expect((await chatEvents(response)).at(-1)?.type).toBe('failed');
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 0]);
  });
});
