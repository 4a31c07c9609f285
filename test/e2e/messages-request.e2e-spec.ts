import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { Gateway } from '../support/gateway.js';
import { askMessages, readMessage } from '../support/messages.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';

const PIXEL = 'iVBORw0KGgo=';

describe('a request of the Messages API', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['Hello']));
    gateway.ollama.script(ollama.streamsText(['Hello']));
  });
  afterEach(() => gateway.close());

  async function sentToOpenAi(fields: object, headers = {}): Promise<JsonObject> {
    await readMessage(askMessages(gateway, { ...fields }, headers));
    return gateway.openai.requests[0]!.body;
  }

  const second = {
    system: [
      { type: 'text', text: 'First.', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'Second.' },
    ],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'What is it?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'redacted_thinking', data: 'AAAA' },
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'it' } },
          { type: 'tool_use', id: 'toolu_2', name: 'time', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'A cat.', is_error: false },
          {
            type: 'tool_result',
            tool_use_id: 'toolu_2',
            content: [
              { type: 'text', text: 'Noon.' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
            ],
          },
          { type: 'text', text: 'Go on.' },
        ],
      },
    ],
  };

  it('reaches an upstream of OpenAI’s kind with each result as a message of its own', async () => {
    expect((await sentToOpenAi(second))['messages']).toEqual([
      {
        role: 'system',
        content: [
          { type: 'text', text: 'First.' },
          { type: 'text', text: 'Second.' },
        ],
      },
      { role: 'user', content: 'What is it?' },
      {
        role: 'assistant',
        content: 'I look.',
        tool_calls: [
          { id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } },
          { id: 'toolu_2', type: 'function', function: { name: 'time', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'A cat.' },
      {
        role: 'tool',
        tool_call_id: 'toolu_2',
        content: [
          { type: 'text', text: 'Noon.' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
        ],
      },
      { role: 'user', content: 'Go on.' },
    ]);
  });

  it('reaches Ollama likewise, with the names of the tools', async () => {
    await readMessage(askMessages(gateway, { model: 'llama3', ...second }));
    expect(gateway.ollama.requests[0]!.body['messages']).toEqual([
      { role: 'system', content: 'First.\nSecond.' },
      { role: 'user', content: 'What is it?' },
      {
        role: 'assistant',
        content: 'I look.',
        thinking: 'Hm.',
        tool_calls: [
          { function: { name: 'look', arguments: { at: 'it' } } },
          { function: { name: 'time', arguments: {} } },
        ],
      },
      { role: 'tool', content: 'A cat.', tool_name: 'look' },
      { role: 'tool', content: 'Noon.', images: [PIXEL], tool_name: 'time' },
      { role: 'user', content: 'Go on.' },
    ]);
  });

  it('has its tools, its choice, its format and its sampling sent', async () => {
    const schema = { type: 'object', properties: { x: { type: 'number' } } };
    const sent = await sentToOpenAi({
      tools: [
        { name: 'look', description: 'Looks.', input_schema: schema, eager_input_streaming: true },
      ],
      tool_choice: { type: 'any' },
      output_config: { effort: 'high', format: { type: 'json_schema', schema } },
      stop_sequences: ['END'],
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 77,
    });
    expect(sent).toMatchObject({
      tools: [
        {
          type: 'function',
          function: { name: 'look', description: 'Looks.', parameters: schema },
        },
      ],
      tool_choice: 'required',
      response_format: { type: 'json_schema', json_schema: { schema } },
      stop: ['END'],
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 77,
    });
  });

  it('has what Claude Code says to everybody left out without a word', async () => {
    const response = await askMessages(
      gateway,
      {
        thinking: { type: 'adaptive' },
        output_config: { effort: 'high' },
        context_management: { edits: [] },
        metadata: { user_id: 'u' },
        service_tier: 'auto',
        cache_control: { type: 'ephemeral' },
        x_of_tomorrow: 1,
      },
      { 'anthropic-beta': 'one-2026-01-01,two-2026-01-01', 'anthropic-version': '2023-06-01' },
    );
    expect(response.headers.get('x-sluice-ignored')).toBeNull();
    await readMessage(Promise.resolve(response));
    expect(Object.keys(gateway.openai.requests[0]!.body).toSorted()).toEqual([
      'max_tokens',
      'messages',
      'model',
      'stream',
      'stream_options',
    ]);
    expect(gateway.openai.requests[0]!.headers).not.toHaveProperty('anthropic-beta');
  });

  it('is told of hints that were left out', async () => {
    const choice = { type: 'auto', disable_parallel_tool_use: true };
    const response = await askMessages(gateway, { top_k: 5, tool_choice: choice });
    expect(response.headers.get('x-sluice-ignored')).toBe(
      'top_k, tool_choice.disable_parallel_tool_use',
    );
  });

  it.each(['/v1/messages?beta=true', '/messages', '/v1/messages/'])(
    'is taken at %s',
    async (path) => {
      const messages = [{ role: 'user', content: 'Hi' }];
      const body = { model: 'gpt-only', max_tokens: 1, stream: true, messages };
      const response = await gateway.post(path, body);
      expect([response.status, response.headers.get('request-id')]).toEqual([
        200,
        response.headers.get('x-request-id'),
      ]);
    },
  );

  it.each<[string, object]>([
    ['messages[0].content[0]', { messages: [{ role: 'user', content: [{ type: 'document' }] }] }],
    [
      'messages[0].content[0].content[1]',
      {
        system: 'Be brief.',
        messages: [
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 'x',
                content: [{ type: 'text', text: 'x' }, { type: 'search_result' }],
              },
            ],
          },
        ],
      },
    ],
    ['tools', { tools: [{ type: 'web_search_20260318', name: 'web_search' }] }],
    ['mcp_servers', { mcp_servers: [{ name: 'x' }] }],
    ['container', { container: 'x' }],
  ])('is refused where a part would be lost: %s', async (param, fields) => {
    for (const model of ['gpt-only', 'llama3']) {
      const response = await askMessages(gateway, { model, ...fields });
      expect([response.status, await response.json()]).toMatchObject([
        400,
        {
          type: 'error',
          error: {
            type: 'invalid_request_error',
            code: 'unsupported_feature',
            param,
            message: expect.stringContaining('capability_rejected') as string,
          },
        },
      ]);
    }
  });

  it.each<[string, object]>([
    ['model', { model: undefined }],
    ['max_tokens', { max_tokens: undefined }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_tokens', { max_tokens: '64' }],
    ['messages', { messages: [] }],
    ['messages[0].role', { messages: [{ role: 'tool', content: 'x' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: 5 }] }],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{}] }] }],
    ['messages[0].content[0].text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }],
    [
      'messages[0].content[0].source.data',
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64' } }] }] },
    ],
    ['system[0]', { system: ['x'] }],
    ['tools[0].name', { tools: [{ input_schema: {} }] }],
    ['tool_choice.name', { tool_choice: { type: 'tool' } }],
    ['stream', { stream: 'yes' }],
  ])('is refused with the name of the field: %s', async (param, fields) => {
    const response = await askMessages(gateway, { ...fields });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { type: 'invalid_request_error', param } },
    ]);
  });
});
