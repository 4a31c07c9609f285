import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { answers, cutsBeforeHeaders } from '../support/upstream-scripts.js';

const CALL = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } };

const saying = (message: object, finish_reason = 'stop') =>
  answers({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'gpt-test',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
  });

describe('a whole Response', () => {
  let gateway: Gateway;
  let client: OpenAI;
  beforeEach(async () => {
    gateway = await Gateway.start();
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });
  afterEach(() => gateway.close());

  const create = (fields: object = {}) =>
    client.responses.create({ model: 'gpt-only', input: 'Hi', ...fields });

  it('has what was thought, said and called', async () => {
    gateway.openai.script(
      saying({ content: 'I look.', reasoning_content: 'Hm.', tool_calls: [CALL] }, 'tool_calls'),
    );
    const response = await create();
    expect(response.output_text).toBe('I look.');
    expect(response).toMatchObject({
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      model: 'gpt-test',
      store: false,
      usage: null,
      output: [
        { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] },
        { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed' },
        { id: 'fc_1_0', type: 'function_call', call_id: 'call_1', arguments: '{}' },
      ],
    });
  });

  it.each([
    ['length', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ])('that ends by %s says that it is incomplete', async (finishReason, reason) => {
    gateway.openai.script(openAi.answersText('Hel', { finishReason }));
    expect(await create()).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason },
      output: [{ status: 'incomplete' }],
    });
  });

  it('says a refusal as one', async () => {
    gateway.openai.script(saying({ content: null, refusal: 'I won’t.' }));
    expect(await create()).toMatchObject({
      status: 'completed',
      output: [{ content: [{ type: 'refusal', refusal: 'I won’t.' }] }],
    });
  });

  it('says its request again, but for one that is large', async () => {
    gateway.openai.script(openAi.answersText('Hi'));
    expect(await create({ instructions: 'Be brief.', temperature: 0.5 })).toMatchObject({
      instructions: 'Be brief.',
      temperature: 0.5,
    });
    const large = await create({ instructions: 'x'.repeat(100_000) });
    expect(large).toMatchObject({ instructions: null, status: 'completed' });
    const [said] = gateway.openai.requests[1]!.body['messages'] as { content: string }[];
    expect(said!.content).toHaveLength(100_000);
  });

  it('that nobody gives is an error of OpenAI’s', async () => {
    gateway.openai.script(cutsBeforeHeaders());
    const error = await errorOf(
      await gateway.post('/v1/responses', { model: 'gpt-only', input: 'Hi' }),
    );
    expect(error).toMatchObject({
      status: 502,
      type: 'server_error',
      code: 'upstream_unavailable',
    });
  });
});
