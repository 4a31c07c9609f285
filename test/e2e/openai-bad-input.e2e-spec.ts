import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { errorOf, type ReadError } from '../support/error-body.js';

const MARKER = 'secret-of-the-caller';
const user = { role: 'user', content: MARKER };
const call = (fn: unknown) => ({ role: 'assistant', tool_calls: [{ id: 'c', function: fn }] });

/** Fields of a request that is good but for them, and the field that the error names. */
const WRONG: readonly (readonly [param: string, fields: object])[] = [
  ['model', { model: undefined }],
  ['model', { model: 5 }],
  ['messages', { messages: undefined }],
  ['messages', { messages: null }],
  ['messages', { messages: [] }],
  ['messages', { messages: MARKER }],
  ['messages[1]', { messages: [user, MARKER] }],
  ['messages[0].role', { messages: [{ content: MARKER }] }],
  ['messages[1].role', { messages: [user, { ...user, role: 'robot' }] }],
  ['messages[0].role', { messages: [{ ...user, role: 7 }] }],
  ['messages[0].content', { messages: [{ role: 'user', content: 5 }] }],
  ['messages[0].content', { messages: [{ role: 'user', content: { text: MARKER } }] }],
  ['messages[0].content[1]', { messages: [{ role: 'user', content: [text(), MARKER] }] }],
  ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ text: 'a' }] }] }],
  ['messages[0].content[0].text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }],
  [
    'messages[0].content[0].image_url.url',
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
  ],
  ['messages[0].tool_call_id', { messages: [{ role: 'tool', content: MARKER }] }],
  ['messages[0].tool_calls', { messages: [{ role: 'assistant', tool_calls: 'x' }] }],
  ['messages[0].tool_calls[0].function.name', { messages: [call({ arguments: '{}' })] }],
  [
    'messages[0].tool_calls[0].function.arguments',
    { messages: [call({ name: 'f', arguments: {} })] },
  ],
  ['stream', { stream: 'yes' }],
  ['stream', { stream: 1 }],
  ['stream_options', { stream_options: true }],
  ['stream_options.include_usage', { stream_options: { include_usage: 'yes' } }],
  ['temperature', { temperature: 'hot' }],
  ['top_p', { top_p: [] }],
  ['max_tokens', { max_tokens: 1.5 }],
  ['max_completion_tokens', { max_completion_tokens: '5' }],
  ['stop', { stop: 5 }],
  ['stop', { stop: ['a', 1] }],
  ['seed', { seed: '42' }],
  ['presence_penalty', { presence_penalty: true }],
  ['frequency_penalty', { frequency_penalty: {} }],
  ['reasoning_effort', { reasoning_effort: 5 }],
  ['tools', { tools: {} }],
  ['tools[0]', { tools: ['weather'] }],
  ['tools[0].function', { tools: [{ type: 'function' }] }],
  ['tools[0].function.name', { tools: [{ type: 'function', function: {} }] }],
  ['response_format', { response_format: 'json' }],
  ['response_format.json_schema', { response_format: { type: 'json_schema' } }],
  ['n', { n: 2 }],
  ['n', { n: 0 }],
  ['n', { n: '1' }],
];

function text(): object {
  return { type: 'text', text: MARKER };
}

/** A good request but for its depth, not counting the body itself. */
function nested(depth: number): string {
  const inner = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  return `{"model":"gpt-only","stream":true,"messages":[{"role":"user","content":"a"}],"x":${inner}}`;
}

describe('a request that is wrong', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ server: { bodyLimit: '1mb' } });
    gateway.openai.script(openAi.streamsText(['Hi']));
  });
  afterEach(() => gateway.close());

  const post = (body: unknown, headers = {}): Promise<Response> =>
    gateway.post('/v1/chat/completions', body, { 'x-request-id': 'mine', ...headers });

  /** The error of a request that no upstream has seen, and whose words nobody repeated. */
  async function refusalOf(response: Response): Promise<ReadError> {
    const error = await errorOf(response);
    expect([error.requestId, error.type]).toEqual(['mine', 'invalid_request_error']);
    expect(`${error.message}${gateway.log.text}`).not.toContain(MARKER);
    expect(gateway.openai.requests).toHaveLength(0);
    return error;
  }

  it.each(WRONG)('is a 400 that names %s (%j)', async (param, fields) => {
    const body = { model: 'gpt-only', stream: true, messages: [user], ...fields };
    const error = await refusalOf(await post(body));
    expect(error).toMatchObject({ status: 400, param, code: null });
    expect(error.message).toContain(param.split('.').at(-1));
  });

  it.each([
    ['half of a JSON', `{"messages":["${MARKER}"`],
    ['no JSON at all', MARKER],
    ['JSON that is a string', `"${MARKER}"`],
    ['JSON that is an array', `["${MARKER}"]`],
    ['null', 'null'],
  ])('is a 400 when its body is %s', async (_, body) => {
    const error = await refusalOf(await post(body));
    expect(error).toMatchObject({ status: 400, param: null, code: null });
    expect(error.message).toContain('JSON');
  });

  it('is a 400 that names the first field when its body is empty', async () => {
    expect(await refusalOf(await post(''))).toMatchObject({ status: 400, param: 'model' });
  });

  it.each([
    ['text/plain', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['an unknown charset', { 'content-type': 'application/json; charset=ebcdic' }],
    ['in UTF-16', { 'content-type': 'application/json; charset=utf-16le' }],
  ])('is a 400 when it says that it is %s', async (_, headers) => {
    const response = await post({ model: 'gpt-only', messages: [user] }, headers);
    expect(await refusalOf(response)).toMatchObject({ status: 400, param: null, code: null });
  });

  it('without a content type is told which one it needs', async () => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-request-id': 'mine' },
      body: Buffer.from(JSON.stringify({ model: 'gpt-only', messages: [user] })),
    });
    const error = await refusalOf(response);
    expect(error.status).toBe(400);
    expect(error.message).toContain('application/json');
  });

  it.each([101, 1000, 100_000])('is a 400 when it is nested %i levels deep', async (depth) => {
    const error = await refusalOf(await post(nested(depth)));
    expect(error).toMatchObject({ status: 400, param: null });
    expect(error.message).toContain('100');
  });

  it('is not what is nested as deep as 100 levels', async () => {
    const response = await post(nested(100));
    expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
  });

  it.each([
    ['unknown', 'nope'],
    ['empty', ''],
    ['a property of objects', 'constructor'],
    ['a path', '../gpt-only'],
    ['in another case', 'GPT-ONLY'],
    ['far too long', 'ж'.repeat(5000)],
  ])('is a 404 when its model is %s', async (_, model) => {
    const error = await refusalOf(await post({ model, messages: [user] }));
    expect(error).toMatchObject({ status: 404, param: 'model', code: 'model_not_found' });
    expect(error.message).toContain('/v1/models');
    expect(error.message.length).toBeLessThan(300);
  });

  it('is a 413 when its body is over the limit', async () => {
    const body = { model: 'gpt-only', messages: [user], x: 'x'.repeat(1_100_000) };
    const error = await refusalOf(await post(body));
    expect(error).toMatchObject({ status: 413, param: null, code: 'request_too_large' });
  });
});
