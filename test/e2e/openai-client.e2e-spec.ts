import OpenAI, { APIUserAbortError, NotFoundError } from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ndjson, ollama, toolCallsLine } from '../support/ollama-script.js';
import {
  completion,
  openAi,
  OPENAI_USAGE,
  sse,
  toolArgumentsChunk,
  toolCallChunk,
} from '../support/openai-script.js';
import { answers } from '../support/upstream-scripts.js';

const messages = [{ role: 'user' as const, content: 'Hi' }];
const weather: OpenAI.ChatCompletionFunctionTool = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: {} } },
};

describe('the official OpenAI client at its default settings', () => {
  let gateway: Gateway;
  let client: OpenAI;
  beforeEach(async () => {
    gateway = await Gateway.start();
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x' });
  });
  afterEach(() => gateway.close());

  it.each([
    ['gpt-4o', 'gpt-test'],
    ['llama3', 'llama3'],
  ])('streams an answer of %s', async (model, reported) => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo', ' 👩‍💻']));
    gateway.ollama.script(ollama.streamsText(['Hel', 'lo', ' 👩‍💻']));
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]!.delta.content ?? '').join('')).toBe('Hello 👩‍💻');
    expect(chunks[0]!.choices[0]!.delta.role).toBe('assistant');
    expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('stop');
    expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set([reported]));
    // It closes the connection right behind [DONE].
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed' });
    expect(gateway.openai.requests.length + gateway.ollama.requests.length).toBe(1);
  });

  it.each(['gpt-4o', 'llama3'])('adds a stream of %s up to a whole answer', async (model) => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    gateway.ollama.script(ollama.streamsText(['Hel', 'lo']));
    const stream_options = { include_usage: true };
    const stream = client.chat.completions.stream({ model, messages, stream_options });
    const answer = await stream.finalChatCompletion();
    expect(answer.choices).toMatchObject([
      { message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' },
    ]);
    expect(answer.usage).toEqual(OPENAI_USAGE);
  });

  it('asks for a whole answer and sees everything the upstream said', async () => {
    const json = completion('Hello', { fields: { system_fingerprint: 'fp_1', x_new: 1 } });
    gateway.openai.script(answers(json));
    const request = client.chat.completions.create({ model: 'gpt-4o', messages });
    const { data, response, request_id } = await request.withResponse();
    expect(data).toEqual(json);
    expect(request_id).toBe(response.headers.get('x-request-id'));
    expect(response.headers.get('x-sluice-backend')).toBe('openai');
    gateway.ollama.script(ollama.answersText('Hello'));
    const other = await client.chat.completions.create({ model: 'llama3', messages });
    expect(other.choices[0]!.message.content).toBe('Hello');
    expect(other.usage).toEqual(OPENAI_USAGE);
  });

  it('calls tools of an OpenAI upstream, in pieces', async () => {
    const step = openAi.stepper({ finishReason: 'tool_calls' });
    gateway.openai.script(step.script);
    const stream = client.chat.completions.stream({ model: 'gpt-4o', messages, tools: [weather] });
    await step.begin();
    await step.send(sse(toolCallChunk(0, 'call_1', 'weather')));
    await step.send(sse(toolArgumentsChunk(0, '{"city":')));
    await step.send(sse(toolArgumentsChunk(0, '"Bern"}')));
    await step.finish();
    const [choice] = (await stream.finalChatCompletion()).choices;
    expect(choice).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        tool_calls: [{ id: 'call_1', function: { name: 'weather', arguments: '{"city":"Bern"}' } }],
      },
    });
    expect(gateway.openai.requests[0]!.body['tools']).toEqual([weather]);
  });

  it('calls tools of Ollama and sends their results back', async () => {
    const step = ollama.stepper();
    gateway.ollama.script(step.script, ollama.streamsText(['Sunny.']));
    const run = client.chat.completions.runTools({
      model: 'llama3',
      messages,
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: 'The weather.',
            parameters: { type: 'object', properties: {} },
            function: () => 'sun',
          },
        },
      ],
    });
    await step.send(ndjson(toolCallsLine([{ name: 'weather', arguments: { city: 'Bern' } }])));
    await step.finish();
    expect(await run.finalContent()).toBe('Sunny.');
    expect(gateway.ollama.requests[1]!.body['messages']).toEqual([
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ function: { name: 'weather', arguments: { city: 'Bern' } } }],
      },
      { role: 'tool', content: 'sun', tool_name: 'weather' },
    ]);
  });

  it('lists the models and retrieves one whose name has a slash', async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toEqual(['gpt-4o', 'gpt-only', 'llama3', 'claude', 'team/gpt']);
    expect((await client.models.retrieve('team/gpt')).id).toBe('team/gpt');
    await expect(client.models.retrieve('nope')).rejects.toBeInstanceOf(NotFoundError);
  });

  it.each([
    ['aborts', (stream: { controller: AbortController }) => stream.controller.abort()],
    ['stops reading', () => {}],
  ])('reaches the upstream when it %s in the middle', async (_, leave) => {
    gateway.openai.script(openAi.streamsForever('more '));
    const stream = await client.chat.completions.create({
      model: 'gpt-4o',
      messages,
      stream: true,
    });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content !== 'more ') continue;
      leave(stream);
      break;
    }
    await gateway.openai.left(0);
    expect(await gateway.ended()).toMatchObject({
      endReason: 'client_closed',
      attempts: [{ outcome: 'cancelled' }],
    });
    expect(gateway.openai.requests).toHaveLength(1);
    expect(gateway.ollama.requests).toHaveLength(0);
  });

  it('reaches the upstream when it gives up before there is an answer', async () => {
    gateway.openai.script(() => {});
    const caller = new AbortController();
    const asked = client.chat.completions.create(
      { model: 'gpt-4o', messages },
      { signal: caller.signal },
    );
    await gateway.openai.request(0);
    caller.abort();
    await expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
    await gateway.openai.left(0);
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 0]);
  });
});
