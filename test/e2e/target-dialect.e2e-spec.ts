import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { failsWith } from '../support/upstream-scripts.js';

const USER = [{ role: 'user', content: 'Hi' }];

let gateway: Gateway;
afterEach(() => gateway.close());

/** A gateway with the one model `m`, at the target `fields`. */
async function start(fields: object): Promise<void> {
  const models = [{ id: 'm', targets: [{ backend: 'openai', model: 'gpt-4o', ...fields }] }];
  gateway = await Gateway.start({ models });
  gateway.openai.script(openAi.streamsText(['Hello']));
  gateway.ollama.script(ollama.streamsText(['Hello']));
}

async function sent(fields: object): Promise<JsonObject> {
  const response = await gateway.complete({ model: 'm', ...fields });
  expect(response.status).toBe(200);
  await response.text();
  return [...gateway.openai.requests, ...gateway.ollama.requests].at(-1)!.body;
}

async function sentByChat(fields: object): Promise<JsonObject> {
  const response = await gateway.post('/chat', { model: 'm', messages: USER, ...fields });
  expect(await response.text()).toContain('event: done');
  return [...gateway.openai.requests, ...gateway.ollama.requests].at(-1)!.body;
}

const limits = ({ max_tokens, max_completion_tokens }: JsonObject) => [
  max_tokens,
  max_completion_tokens,
];

const REASONING = ['gpt-5', 'gpt-5.1-mini', 'o1', 'o3-mini', 'o4-mini', 'openai/gpt-5', 'azure/o3'];
const OTHERS = ['gpt-4o', 'gpt-4.1', 'o365-chat', 'llama-3o1', 'moo3'];

describe('the limit of an answer', () => {
  it.each(REASONING)(
    'is max_completion_tokens at %s, whatever the caller calls it',
    async (model) => {
      await start({ model });
      expect(limits(await sentByChat({ maxTokens: 7 }))).toEqual([undefined, 7]);
      expect(limits(await sent({ max_tokens: 7 }))).toEqual([undefined, 7]);
      expect(limits(await sent({ max_completion_tokens: 7 }))).toEqual([undefined, 7]);
      expect(limits(await sent({ max_tokens: 5, max_completion_tokens: 7 }))).toEqual([
        undefined,
        7,
      ]);
      expect(await sent({ max_tokens: null })).not.toHaveProperty('max_completion_tokens');
    },
  );

  it('is renamed without streaming, too', async () => {
    await start({ model: 'gpt-5' });
    gateway.openai.script(openAi.answersText('Hello'));
    expect(limits(await sent({ max_tokens: 7, stream: false }))).toEqual([undefined, 7]);
  });

  it.each(OTHERS)('is what the caller calls it at %s', async (model) => {
    await start({ model });
    expect(limits(await sentByChat({ maxTokens: 7 }))).toEqual([7, undefined]);
    expect(limits(await sent({ max_completion_tokens: 7 }))).toEqual([undefined, 7]);
  });

  it('is what the configuration calls it', async () => {
    await start({ model: 'gpt-5', rename: { max_tokens: 'max_tokens' } });
    expect(limits(await sent({ max_tokens: 7 }))).toEqual([7, undefined]);
    await gateway.close();
    await start({ model: 'gpt-5', rename: { max_completion_tokens: 'max_tokens' } });
    expect(limits(await sent({ max_completion_tokens: 7 }))).toEqual([7, undefined]);
  });

  it.each([true, false])(
    'is learned from a deployment that refuses max_tokens, once (stream: %s)',
    async (stream) => {
      await start({ model: 'our-deployment' });
      const refusal =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
      const answer = stream ? openAi.streamsText(['Hello']) : openAi.answersText('Hello');
      gateway.openai.script(failsWith(400, openAiError(refusal)), answer);
      expect(limits(await sent({ max_tokens: 7, stream }))).toEqual([undefined, 7]);
      expect(limits(await sent({ max_tokens: 8, stream }))).toEqual([undefined, 8]);
      expect(gateway.openai.requests.length).toBe(3);
    },
  );
});

describe('a target with a dialect of its own', () => {
  it('is not sent what it does not take, and the caller is told', async () => {
    await start({ drop: ['logprobs', 'seed', 'user'] });
    const response = await gateway.complete({ model: 'm', logprobs: true, seed: 1, top_p: 1 });
    expect(response.headers.get('x-sluice-ignored')).toBe('logprobs, seed');
    await response.text();
    const { body } = gateway.openai.requests[0]!;
    expect(body).toMatchObject({ top_p: 1 });
    expect(body).not.toHaveProperty('logprobs');
    expect(body).not.toHaveProperty('seed');
  });

  it('is asked for no usage where stream_options is dropped', async () => {
    await start({ drop: ['stream_options'] });
    expect(await sent({})).not.toHaveProperty('stream_options');
  });

  it('has its fields dropped, then renamed, then set', async () => {
    await start({
      drop: ['a'],
      rename: { a: 'b', c: 'd', e: 'f' },
      set: { d: 'set', temperature: 1 },
    });
    const body = await sent({ a: 1, c: 2, e: 3, f: 4, temperature: 0 });
    expect(body).toMatchObject({ d: 'set', f: 4, temperature: 1 });
    for (const gone of ['a', 'b', 'c', 'e']) expect(body).not.toHaveProperty(gone);
  });

  it('gets messages of the role developer as system where it knows no other', async () => {
    await start({ developerRole: 'system' });
    const messages = [{ role: 'developer', content: 'Be brief.', name: 'x' }, ...USER];
    expect((await sent({ messages }))['messages']).toEqual([
      { role: 'system', content: 'Be brief.', name: 'x' },
      ...USER,
    ]);
  });

  it('gets them as they are otherwise', async () => {
    await start({});
    const messages = [{ role: 'developer', content: 'Be brief.' }, ...USER];
    expect((await sent({ messages }))['messages']).toEqual(messages);
  });
});

describe('an Ollama target with a dialect of its own', () => {
  it("is spoken to in Ollama's words: dropped, then renamed, then set", async () => {
    await start({
      backend: 'ollama',
      model: 'llama3',
      drop: ['num_predict', 'frequency_penalty', 'format', 'min_p'],
      rename: { frequency_penalty: 'repeat_penalty', top_p: 'min_p' },
      set: { num_ctx: 8192, seed: 1, think: true, keep_alive: '10m' },
    });
    const response = await gateway.complete({
      model: 'm',
      max_tokens: 7,
      frequency_penalty: 1,
      top_p: 0.5,
      seed: 2,
      response_format: { type: 'json_object' },
    });
    const ignored = response.headers.get('x-sluice-ignored');
    expect(ignored).toBe('max_tokens, frequency_penalty, response_format');
    await response.text();
    expect(gateway.ollama.requests[0]!.body).toEqual({
      model: 'llama3',
      stream: true,
      messages: USER,
      options: { min_p: 0.5, num_ctx: 8192, seed: 1 },
      think: true,
      keep_alive: '10m',
    });
  });
});

describe('an image in a result of a tool, from /chat,', () => {
  const url = 'data:image/png;base64,iVBORw0KGgo=';
  const content = [
    { type: 'text', text: 'see' },
    { type: 'image', url },
  ];
  const messages = [...USER, { role: 'tool', toolCallId: 'c1', content }];

  it('is a part of the content for OpenAI', async () => {
    await start({});
    expect((await sentByChat({ messages }))['messages']).toEqual([
      ...USER,
      {
        role: 'tool',
        tool_call_id: 'c1',
        content: [
          { type: 'text', text: 'see' },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ]);
  });

  it('is an image of the message for Ollama', async () => {
    await start({ backend: 'ollama', model: 'llama3' });
    expect((await sentByChat({ messages }))['messages']).toEqual([
      ...USER,
      { role: 'tool', content: 'see', images: ['iVBORw0KGgo='] },
    ]);
  });
});
