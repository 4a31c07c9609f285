import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';

const PNG = 'iVBORw0KGgo=';
const tool = {
  type: 'function',
  function: { name: 'weather', description: 'd', parameters: { type: 'object' }, strict: true },
};

const image = (url: string) => ({ type: 'image_url', image_url: { url, detail: 'high' } });
const call = (id: string, name: string, json: string) => ({
  id,
  type: 'function',
  function: { name, arguments: json },
});

describe('what Ollama receives', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({
      models: [
        { id: 'llama3', targets: ['ollama/llama3.2:1b'] },
        {
          id: 'tuned',
          targets: [
            {
              backend: 'ollama',
              model: 'llama3',
              set: { num_ctx: 8192, keep_alive: '10m', think: true, mirostat: 1 },
            },
          ],
        },
      ],
    });
    gateway.ollama.script(ollama.streamsText(['Hi']));
  });
  afterEach(() => gateway.close());

  async function received(fields: object): Promise<JsonObject> {
    const response = await gateway.complete({ model: 'llama3', ...fields });
    expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
    return gateway.ollama.requests.at(-1)!.body;
  }

  it('is nothing but the messages where the caller gives nothing else', async () => {
    expect(await received({})).toEqual({
      model: 'llama3.2:1b',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
      options: {},
    });
  });

  it('is its own words for the sampling of the caller', async () => {
    const { options } = await received({
      temperature: 0,
      top_p: 0.5,
      max_completion_tokens: 100,
      max_tokens: 5,
      stop: 'END',
      seed: 42,
      presence_penalty: -1,
      frequency_penalty: 2,
    });
    expect(options).toEqual({
      temperature: 0,
      top_p: 0.5,
      num_predict: 100,
      stop: ['END'],
      seed: 42,
      presence_penalty: -1,
      frequency_penalty: 2,
    });
    expect((await received({ max_tokens: 5, stop: ['a', 'b'] }))['options']).toEqual({
      num_predict: 5,
      stop: ['a', 'b'],
    });
  });

  const schema = { type: 'object', properties: { a: { type: 'number' } } };
  it.each([
    [{ type: 'json_schema', json_schema: { name: 'a', schema, strict: true } }, schema],
    [{ type: 'json_object' }, 'json'],
    [{ type: 'text' }, undefined],
  ])('is a format for the response_format %j', async (response_format, format) => {
    expect((await received({ response_format }))['format']).toEqual(format);
  });

  it('is text and images as bytes, apart', async () => {
    const { messages } = await received({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is' },
            image(`data:image/png;base64,${PNG}`),
            { type: 'text', text: 'on these?' },
            image(`data:image/jpeg;BASE64,${PNG}`),
          ],
        },
      ],
    });
    expect(messages).toEqual([{ role: 'user', content: 'What is\non these?', images: [PNG, PNG] }]);
  });

  it('is "system" for the role developer', async () => {
    const { messages } = await received({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'system', content: [{ type: 'text', text: 'Be kind.' }] },
        { role: 'user', content: 'Hi', name: 'Ann' },
      ],
    });
    expect(messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Hi' },
    ]);
  });

  it('is tools, earlier calls with their arguments as objects, and results by tool name', async () => {
    const { tools, messages } = await received({
      tools: [tool],
      messages: [
        { role: 'user', content: 'Weather and time?' },
        {
          role: 'assistant',
          content: null,
          reasoning_content: 'Two calls.',
          tool_calls: [call('c1', 'weather', '{"city":"Bern"}'), call('c2', 'time', '{broken')],
        },
        { role: 'tool', tool_call_id: 'c2', content: '12:00' },
        { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: 'sunny' }] },
      ],
    });
    const { strict: _, ...asOllamaHasIt } = tool.function;
    expect(tools).toEqual([{ type: 'function', function: asOllamaHasIt }]);
    expect(messages).toEqual([
      { role: 'user', content: 'Weather and time?' },
      {
        role: 'assistant',
        content: '',
        thinking: 'Two calls.',
        tool_calls: [
          { function: { name: 'weather', arguments: { city: 'Bern' } } },
          { function: { name: 'time', arguments: {} } },
        ],
      },
      { role: 'tool', content: '12:00', tool_name: 'time' },
      { role: 'tool', content: 'sunny', tool_name: 'weather' },
    ]);
  });

  it('is the images of a result with the text of it', async () => {
    const results = [
      {
        role: 'tool',
        tool_call_id: 'c1',
        content: [{ type: 'text', text: 'see' }, image(`data:image/png;base64,${PNG}`)],
      },
    ];
    const asked = { role: 'assistant', content: null, tool_calls: [call('c1', 'shot', '{}')] };
    const { messages } = await received({
      messages: [{ role: 'user', content: 'Hi' }, asked, ...results],
    });
    expect((messages as unknown[]).at(-1)).toEqual({
      role: 'tool',
      content: 'see',
      images: [PNG],
      tool_name: 'shot',
    });
  });

  it('is no tools where the caller wants none called', async () => {
    expect(await received({ tools: [tool], tool_choice: 'none' })).not.toHaveProperty('tools');
    expect(await received({ tools: [tool], tool_choice: 'auto' })).toHaveProperty('tools');
  });

  it('is the options of the target, each where Ollama takes it', async () => {
    const body = await received({ model: 'tuned', temperature: 0.5 });
    expect(body).toEqual({
      model: 'llama3',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
      options: { temperature: 0.5, num_ctx: 8192, mirostat: 1 },
      keep_alive: '10m',
      think: true,
    });
  });

  it('is the same without streaming, but for "stream"', async () => {
    const streamed = await received({ model: 'tuned', seed: 1, tools: [tool] });
    gateway.ollama.script(ollama.answersText('Hi'));
    const plain = await received({ model: 'tuned', seed: 1, tools: [tool], stream: false });
    expect(plain).toEqual({ ...streamed, stream: false });
  });

  it('is a prompt of several MB, down to the last character', async () => {
    const content = 'Grüße 👩‍💻 '.repeat(400_000);
    const { messages } = await received({ messages: [{ role: 'user', content }] });
    const [message] = messages as { content: string }[];
    expect(message!.content === content).toBe(true);
  });
});
