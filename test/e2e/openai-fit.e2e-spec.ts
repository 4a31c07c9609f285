import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCompletion } from '../support/chat-completions.js';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { failsWith } from '../support/upstream-scripts.js';

const part = (content: object) => ({ messages: [{ role: 'user', content: [content] }] });
const IMAGE_BY_URL = part({ type: 'image_url', image_url: { url: 'https://example.com/a.png' } });
const IMAGE_BY_BYTES = part({
  type: 'image_url',
  image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' },
});

/** Fields that change the shape of the answer and that Ollama cannot honour. */
const SHAPES: readonly (readonly [param: string, fields: object])[] = [
  ['logprobs', { logprobs: true }],
  ['top_logprobs', { top_logprobs: 2 }],
  ['modalities', { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }],
  ['audio', { audio: { voice: 'alloy', format: 'wav' } }],
  ['functions', { functions: [{ name: 'f', parameters: {} }] }],
  ['web_search_options', { web_search_options: {} }],
  ['tool_choice', { tool_choice: 'required', tools: [tool('f')] }],
  // An object that cannot be made a text.
  ['tool_choice', { tool_choice: { type: { toString: 1 } } }],
  ['tools', { tools: [{ type: { toString: 1 }, function: { name: 'f' } }] }],
  ['response_format', { response_format: { type: { toString: 1 } } }],
  ['tool_choice', { tool_choice: { type: 'function', function: { name: 'f' } } }],
  ['messages[0].content[0]', IMAGE_BY_URL],
  ['messages[0].content[0]', part({ type: 'input_audio', input_audio: { data: '' } })],
  ['messages[0].content[0]', part({ type: 'file', file: { file_id: 'file-1' } })],
  ['messages[1].content[1]', result({ type: 'file', file: { file_data: 'x' } })],
  ['messages[1].content[1]', result({ type: 'image_url', image_url: { url: 'https://e.com/a' } })],
];

/** A result of a tool with this part behind a text. */
function result(content: object): object {
  return {
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'tool',
        tool_call_id: 'c1',
        content: [{ type: 'text', text: 'see' }, content],
      },
    ],
  };
}

/** The same fields where they ask for nothing. */
const NO_SHAPES: readonly (readonly [string, object])[] = [
  ['logprobs: false', { logprobs: false }],
  ['modalities of text', { modalities: ['text'] }],
  ['nulls', { logprobs: null, top_logprobs: null, modalities: null, audio: null, tools: null }],
  ['tool_choice: auto', { tool_choice: 'auto', tools: [tool('f')] }],
  ['an image by its bytes', IMAGE_BY_BYTES],
];

function tool(name: string): object {
  return { type: 'function', function: { name, parameters: { type: 'object' } } };
}

describe('a target that cannot honour a request', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({
      models: [
        { id: 'ollama-first', targets: ['ollama/llama3', 'openai/gpt'] },
        { id: 'openai-first', targets: ['openai/gpt', 'ollama/llama3'] },
        { id: 'ollama-only', targets: ['ollama/llama3'] },
      ],
    });
    gateway.openai.script(openAi.streamsText(['Hello']));
    gateway.ollama.script(ollama.streamsText(['Hello']));
  });
  afterEach(() => gateway.close());
  const requests = (): number[] => [gateway.openai.requests.length, gateway.ollama.requests.length];

  it.each(SHAPES)('is skipped for %s', async (_, fields) => {
    const response = await gateway.complete({ model: 'ollama-first', ...fields });
    expect(response.headers.get('x-sluice-backend')).toBe('openai');
    expect(response.headers.get('x-sluice-attempts')).toBe('1');
    expect((await readCompletion(response)).text).toBe('Hello');
    expect(requests()).toEqual([1, 0]);
  });

  it.each(SHAPES)('is a 400 that names %s where there is no other', async (param, fields) => {
    const response = await gateway.complete({ model: 'ollama-only', ...fields });
    const error = await errorOf(response);
    expect(error).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      code: 'unsupported_feature',
      param,
    });
    expect(error.message).toContain('Ollama');
    expect(requests()).toEqual([0, 0]);
  });

  it('says what to send instead of an image by URL, which Sluice never fetches', async () => {
    const response = await gateway.complete({ model: 'ollama-only', ...IMAGE_BY_URL });
    expect(await response.text()).toContain('base64');
  });

  it('is not asked when the one that could has failed', async () => {
    gateway.openai.script(failsWith(500, openAiError('boom')));
    const response = await gateway.complete({ model: 'openai-first', logprobs: true });
    expect(response.status).toBe(502);
    expect(response.headers.get('x-sluice-attempts')).toBe('1');
    expect(requests()).toEqual([1, 0]);
  });

  it('is a 400 with x-sluice-fallback: never, whoever stands behind it', async () => {
    const response = await gateway.complete(
      { model: 'ollama-first', logprobs: true },
      { 'x-sluice-fallback': 'never' },
    );
    expect(response.status).toBe(400);
    expect(requests()).toEqual([0, 0]);
  });

  it.each(NO_SHAPES)('is one for nothing less: %s are no reason', async (_, fields) => {
    const response = await gateway.complete({ model: 'ollama-first', ...fields });
    expect(response.headers.get('x-sluice-backend')).toBe('ollama');
    expect(response.headers.get('x-sluice-ignored')).toBeNull();
    expect((await readCompletion(response)).text).toBe('Hello');
    expect(requests()).toEqual([0, 1]);
  });

  it('that leaves out hints says so, and only of those that were given', async () => {
    const hints = {
      logit_bias: { '50256': -100 },
      parallel_tool_calls: true,
      verbosity: 'low',
      reasoning_effort: 'high',
      top_k: null,
    };
    const response = await gateway.complete({ model: 'ollama-first', ...hints });
    const ignored = response.headers.get('x-sluice-ignored')!.split(', ');
    expect(ignored.toSorted()).toEqual(
      ['logit_bias', 'parallel_tool_calls', 'reasoning_effort', 'verbosity'].toSorted(),
    );
    const { body } = gateway.ollama.requests[0]!;
    expect(JSON.stringify(body)).not.toMatch(/logit_bias|parallel|verbosity|effort/);
    await response.text();
  });

  it('that passes everything on leaves out nothing', async () => {
    const response = await gateway.complete({ model: 'openai-first', logit_bias: { '1': 1 } });
    expect(response.headers.get('x-sluice-ignored')).toBeNull();
    expect(gateway.openai.requests[0]!.body['logit_bias']).toEqual({ '1': 1 });
    await response.text();
  });
});
