import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { errorOf } from '../support/error-body.js';
import { anthropic, message } from '../support/anthropic-script.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { answers } from '../support/upstream-scripts.js';

const PIXEL = 'data:image/png;base64,iVBORw0KGgo=';
const LOOK = {
  type: 'function',
  name: 'look',
  description: 'Looks.',
  parameters: { type: 'object', properties: {} },
};
const USER = { role: 'user', content: 'Hi' };
const TEXT = { type: 'input_text', text: 'Hi' };
const CALL = { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' };
const RESULT = { type: 'function_call_output', call_id: 'c' };
const TIME = { type: 'function', name: 'time', parameters: null, strict: null };

describe('a request for a Response', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.answersText('Hello'));
    gateway.ollama.script(ollama.answersText('Hello'));
    gateway.anthropic.script(anthropic.answersText('Hello'));
  });
  afterEach(() => gateway.close());

  const ask = (fields: object, model = 'gpt-only') =>
    gateway.post('/v1/responses', { model, input: 'Hi', ...fields });

  async function sent(fields: object): Promise<JsonObject> {
    const response = await ask(fields);
    expect(await response.json()).toMatchObject({ status: 'completed' });
    return gateway.openai.requests[0]!.body;
  }

  /** What clients send again in a second turn, as our own answer gave it to them. */
  const second = {
    instructions: 'Be brief.',
    input: [
      { role: 'user', content: 'What is it?' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Hm.' }],
        status: 'completed',
      },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'I look.', annotations: [], logprobs: [] }],
      },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'look', arguments: '{"at":1}' },
      { type: 'function_call', call_id: 'call_2', name: 'time', arguments: '' },
      { type: 'function_call_output', call_id: 'call_1', output: 'A cat.' },
      {
        type: 'function_call_output',
        call_id: 'call_2',
        output: [
          { type: 'input_text', text: 'Noon.' },
          { type: 'input_image', image_url: PIXEL },
        ],
      },
      { role: 'user', content: [{ type: 'input_text', text: 'Go on.' }] },
    ],
  };

  it('is one message of the assistant for what was thought, said and called together', async () => {
    expect((await sent(second))['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is it?' },
      {
        role: 'assistant',
        content: 'I look.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } },
          { id: 'call_2', type: 'function', function: { name: 'time', arguments: '' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'A cat.' },
      {
        role: 'tool',
        tool_call_id: 'call_2',
        content: [
          { type: 'text', text: 'Noon.' },
          { type: 'image_url', image_url: { url: PIXEL } },
        ],
      },
      { role: 'user', content: 'Go on.' },
    ]);
  });

  it('may be a text, or messages without a type, an assistant’s as a text', async () => {
    const said = await sent({
      input: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: [{ type: 'input_text', text: 'Again' }] },
      ],
    });
    expect(said['messages']).toEqual([
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'Again' },
    ]);
  });

  it('has its tools, its format, its effort and its sampling sent', async () => {
    const schema = { type: 'object', properties: { x: { type: 'number' } } };
    const body = await sent({
      tools: [LOOK, TIME],
      tool_choice: 'required',
      text: { format: { type: 'json_schema', name: 'answer', schema, strict: true } },
      reasoning: { effort: 'high', summary: 'auto' },
      max_output_tokens: 64,
      temperature: 0.5,
      top_p: 0.9,
    });
    expect(body).toMatchObject({
      tools: [
        { type: 'function', function: { name: 'look', description: 'Looks.' } },
        { type: 'function', function: { name: 'time' } },
      ],
      tool_choice: 'required',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema, strict: true },
      },
      reasoning_effort: 'high',
      max_tokens: 64,
      temperature: 0.5,
      top_p: 0.9,
    });
  });

  it('leaves out the tools that allowed_tools does not allow', async () => {
    const tool_choice = {
      type: 'allowed_tools',
      mode: 'required',
      tools: [{ type: 'function', name: 'time' }],
    };
    const body = await sent({ tools: [LOOK, TIME], tool_choice });
    expect(body['tools']).toMatchObject([{ function: { name: 'time' } }]);
    expect(body['tool_choice']).toBe('required');
  });

  it('gives Anthropic’s signature back to Anthropic, in the envelope it came in', async () => {
    const thinking = { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' };
    gateway.anthropic.script(answers(message([thinking, { type: 'text', text: 'Hello' }])));
    const include = ['reasoning.encrypted_content'];
    const first = await ask({ include }, 'claude');
    const { output } = (await first.json()) as { output: JsonObject[] };
    expect(output[0]).toMatchObject({
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'Hm.' }],
      encrypted_content: expect.stringMatching(/^sluice\./) as string,
    });
    await ask({ include, input: [{ role: 'user', content: 'Hi' }, ...output] }, 'claude');
    const { messages } = gateway.anthropic.requests[1]!.body as { messages: JsonObject[] };
    expect(messages[1]).toMatchObject({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
        { type: 'text', text: 'Hello' },
      ],
    });
    // What OpenAI sealed, and what nobody did, is nothing to Anthropic.
    const bomb = `{"v":1,"provider":"anthropic","data":"c2ln","x":${'['.repeat(50)}${']'.repeat(50)}}`;
    const forged = `sluice.${Buffer.from(bomb).toString('base64url')}`;
    for (const encrypted_content of ['gAAAA', 'sluice.bm8', forged, undefined]) {
      const reasoning = { ...output[0], encrypted_content };
      await ask({ input: [{ role: 'user', content: 'Hi' }, reasoning] }, 'claude');
      const { body } = gateway.anthropic.requests.at(-1)!;
      expect(JSON.stringify(body['messages'])).not.toContain('thinking');
    }
  });

  it.each([
    ['previous_response_id', { previous_response_id: 'resp_1' }, /whole conversation in input/],
    ['conversation', { conversation: 'conv_1' }, /whole conversation/],
    ['prompt', { prompt: { id: 'pmpt_1' } }, /keeps no responses/],
    ['background', { background: true }, /stream it/],
    ['input[1]', { input: [{ role: 'user', content: 'Hi' }, { id: 'msg_1' }] }, /store: false/],
    ['input[0]', { input: [{ type: 'item_reference', id: 'rs_1' }] }, /store: false/],
    ['input', { input: undefined }, /is missing/],
    ['input', { input: [] }, /must not be empty/],
    ['input', { input: 7 }, /a string or an array/],
    ['input[0].role', { input: [{ role: 'tool', content: 'x' }] }, /user, assistant, system/],
    ['input[0].content[0].text', { input: [{ role: 'user', content: [{ type: 'input_text' }] }] }],
    ['input[0].call_id', { input: [{ type: 'function_call', name: 'x' }] }],
    ['tools[0].name', { tools: [{ type: 'function' }] }],
    ['text.format.schema', { text: { format: { type: 'json_schema', name: 'x' } } }],
    ['max_output_tokens', { max_output_tokens: 0 }, /less than 1/],
  ])('is refused for %s, with what to do instead', async (param, fields, words = /./) => {
    const error = await errorOf(await ask(fields));
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param });
    expect(error.message).toMatch(words);
    expect(gateway.openai.requests).toHaveLength(0);
  });

  it.each([
    ['tools[1] (web_search)', { tools: [LOOK, { type: 'web_search' }] }],
    ['tools[0] (custom)', { tools: [{ type: 'custom', name: 'x' }] }],
    ['tool_choice', { tool_choice: { type: 'custom', name: 'x' } }],
    ['input[1]', { input: [USER, { type: 'web_search_call', id: 'ws_1' }] }],
    ['input[0].content[1]', { input: [{ role: 'user', content: [TEXT, { type: 'input_file' }] }] }],
    ['input[1].output[0]', { input: [CALL, { ...RESULT, output: [{ type: 'input_file' }] }] }],
    ['top_logprobs', { top_logprobs: 3 }],
    // An object that cannot be made a text.
    ['tools[0] (of no known type)', { tools: [{ type: { toString: 1 } }] }],
    ['tool_choice', { tool_choice: { type: { toString: 1 } } }],
    ['text.format', { text: { format: { type: { toString: 1 } } } }],
    ['include', { include: [{ toString: 1 }] }],
  ])('names %s where only OpenAI’s own API could honour it', async (param, fields) => {
    for (const model of ['gpt-only', 'llama3', 'claude']) {
      const error = await errorOf(await ask(fields, model));
      expect(error).toMatchObject({ status: 400, code: 'unsupported_feature', param });
    }
  });

  it('tells of hints that are left out, and of a store that is not there', async () => {
    const response = await ask({
      store: true,
      truncation: 'auto',
      parallel_tool_calls: false,
      text: { verbosity: 'low' },
    });
    expect(response.headers.get('x-sluice-ignored')).toBe(
      'parallel_tool_calls, truncation, text.verbosity, store',
    );
    expect(await response.json()).toMatchObject({
      store: false,
      truncation: 'auto',
      text: { verbosity: 'low', format: { type: 'text' } },
    });
  });
});
