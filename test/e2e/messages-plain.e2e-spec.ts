import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { askMessages } from '../support/messages.js';
import { completion, openAi } from '../support/openai-script.js';
import { answers, failsWith } from '../support/upstream-scripts.js';

describe('an answer as a whole Message', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  it('has what the upstream said, as Anthropic’s SDK reads it', async () => {
    const message = {
      role: 'assistant',
      content: 'I look.',
      reasoning_content: 'Hm.',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } },
      ],
    };
    const choices = [{ index: 0, message, finish_reason: 'tool_calls' }];
    gateway.openai.script(answers({ ...completion(''), choices }));
    const client = new Anthropic({ baseURL: gateway.url, apiKey: 'x' });
    const { data, request_id: requestId } = await client.messages
      .create({ model: 'gpt-only', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })
      .withResponse();
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(data).toMatchObject({
      type: 'message',
      role: 'assistant',
      stop_reason: 'tool_use',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: '' },
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'call_1', name: 'look', input: { at: 'it' } },
      ],
      usage: { input_tokens: 9, output_tokens: 3 },
    });
  });

  it('has an empty object for arguments that are none', async () => {
    const call = { id: 'c', type: 'function', function: { name: 'look', arguments: '{"at' } };
    const message = { role: 'assistant', content: null, tool_calls: [call] };
    const choices = [{ index: 0, message, finish_reason: 'tool_calls' }];
    gateway.openai.script(answers({ ...completion(''), choices }));
    const response = await askMessages(gateway, { stream: false });
    expect(await response.json()).toMatchObject({ content: [{ type: 'tool_use', input: {} }] });
  });

  it('is an error of the SDK’s own class where nobody answers', async () => {
    gateway.openai.script(failsWith(500, {}));
    const client = new Anthropic({ baseURL: gateway.url, apiKey: 'x', maxRetries: 0 });
    const asking = client.messages.create({
      model: 'gpt-only',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    await expect(asking).rejects.toMatchObject({ status: 502, type: 'api_error' });
  });

  it('is taken from a server that streams all the same', async () => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    const response = await askMessages(gateway, { stream: false });
    expect(await response.json()).toMatchObject({ content: [{ type: 'text', text: 'Hello' }] });
  });
});
