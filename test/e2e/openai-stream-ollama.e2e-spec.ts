import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chunkOf, readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { messageLine, ndjson, ollama, toolCallsLine } from '../support/ollama-script.js';
import { SseReader } from '../support/sse-reader.js';

function call(index: number, name: string, json: string): object {
  const id: unknown = expect.stringMatching(/^call_.{8}/);
  return { index, id, type: 'function', function: { name, arguments: json } };
}

describe('a stream built from Ollama', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  const head = {
    id: expect.stringMatching(/^chatcmpl-.{8}/),
    object: 'chat.completion.chunk',
    created: expect.any(Number),
    model: 'llama3',
  };
  function chunk(delta: object, finishReason: string | null = null): object {
    return {
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    };
  }

  it('begins with the role, ends with the finish reason and [DONE]', async () => {
    gateway.ollama.script(ollama.streamsText(['Hel', 'lo ☕']));
    const response = await gateway.complete({ model: 'llama3' });
    const { chunks, done, ended } = await readCompletion(response);
    expect(chunks).toEqual([
      chunk({ role: 'assistant', content: 'Hel' }),
      chunk({ content: 'lo ☕' }),
      chunk({}, 'stop'),
    ]);
    expect([done, ended]).toEqual([true, 'clean']);
    expect(gateway.ollama.requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/chat',
      body: { model: 'llama3', stream: true, messages: [{ role: 'user', content: 'Hi' }] },
    });
  });

  it('has one id, one time and the name of the target on every chunk', async () => {
    gateway.ollama.script(ollama.streamsText(['Hel', 'lo'], { model: 'what-ollama-says' }));
    const { chunks } = await readCompletion(
      await gateway.complete({ model: 'llama3', stream_options: { include_usage: true } }),
    );
    const heads = chunks.map(({ id, created, model }) => [id, created, model].join(' '));
    expect(heads).toHaveLength(4);
    expect(new Set(heads).size).toBe(1);
    expect(chunks[0]!['model']).toBe('llama3');
    expect(Math.abs(Date.now() / 1000 - Number(chunks[0]!['created']))).toBeLessThan(60);
  });

  it('gives two answers two ids', async () => {
    gateway.ollama.script(ollama.streamsText(['Hi']));
    const first = await readCompletion(await gateway.complete({ model: 'llama3' }));
    const second = await readCompletion(await gateway.complete({ model: 'llama3' }));
    expect(first.chunks[0]!['id']).not.toBe(second.chunks[0]!['id']);
  });

  it('says thinking as reasoning_content', async () => {
    const step = ollama.stepper();
    gateway.ollama.script(step.script);
    const response = gateway.complete({ model: 'llama3' });
    await step.send(ndjson(messageLine({ thinking: 'Let me see.' })));
    await step.next('Hi');
    await step.finish();
    const { chunks } = await readCompletion(await response);
    expect(chunks).toEqual([
      chunk({ role: 'assistant', reasoning_content: 'Let me see.' }),
      chunk({ content: 'Hi' }),
      chunk({}, 'stop'),
    ]);
  });

  it('says each tool call whole, with an id of ours and its arguments as text', async () => {
    const step = ollama.stepper();
    gateway.ollama.script(step.script);
    const response = gateway.complete({ model: 'llama3' });
    await step.send(
      ndjson(
        toolCallsLine([
          { name: 'weather', arguments: { city: 'Zürich', days: 2 } },
          { name: 'time', arguments: {} },
        ]),
      ),
    );
    await step.finish();
    const { chunks, done } = await readCompletion(await response);
    expect(chunks).toEqual([
      chunk({
        role: 'assistant',
        tool_calls: [call(0, 'weather', '{"city":"Zürich","days":2}')],
      }),
      chunk({ tool_calls: [call(1, 'time', '{}')] }),
      chunk({}, 'tool_calls'),
    ]);
    expect(done).toBe(true);
  });

  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['a word of its own', 'stop'],
  ])('turns the done_reason %s into the finish reason %s', async (doneReason, finishReason) => {
    gateway.ollama.script(ollama.streamsText(['Hi'], { doneReason }));
    const { chunks } = await readCompletion(await gateway.complete({ model: 'llama3' }));
    expect(chunks.at(-1)).toEqual(chunk({}, finishReason));
  });

  it('gives the caller each token before the upstream sends the next', async () => {
    const step = ollama.stepper();
    gateway.ollama.script(step.script);
    const response = gateway.complete({ model: 'llama3' });
    await step.next('one');
    const reader = new SseReader(await response);
    expect(chunkOf(await reader.next())).toEqual(chunk({ role: 'assistant', content: 'one' }));
    for (const token of ['two', 'three']) {
      await step.next(token);
      expect(chunkOf(await reader.next())).toEqual(chunk({ content: token }));
    }
    await step.finish();
    expect(chunkOf(await reader.next())).toEqual(chunk({}, 'stop'));
    expect(await reader.next()).toEqual({ data: '[DONE]' });
  });
});
