import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject } from '../../src/contract/json.js';
import { BodyReader } from '../support/body-reader.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import {
  deltaChunk,
  finishChunk,
  openAi,
  reasoningChunk,
  sse,
  toolArgumentsChunk,
  toolCallChunk,
  usageChunk,
} from '../support/openai-script.js';
import { replays } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

interface Read {
  readonly types: readonly string[];
  readonly events: readonly JsonObject[];
  readonly last: JsonObject;
  readonly response: JsonObject;
  readonly ended: 'clean' | 'cut' | undefined;
}

const stream = (...events: readonly unknown[]) =>
  replays('text/event-stream', [...events, '[DONE]'].map((each) => sse(each)).join(''));

describe('a streamed Response', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ responses: { maxOutputBytes: 2048 } });
  });
  afterEach(() => gateway.close());

  async function read(model = 'gpt-only', fields: object = {}): Promise<Read> {
    const body = { model, stream: true, input: 'Hi', ...fields };
    const response = await gateway.post('/v1/responses', body);
    expect(response.status).toBe(200);
    const reader = new BodyReader(response);
    await within(reader.all(), 'the stream ends');
    const events = reader.raw
      .split('\n\n')
      .filter((frame) => frame.startsWith('event: '))
      .map((frame) => JSON.parse(/^data: (.*)$/m.exec(frame)![1]!) as JsonObject);
    expect(events.map((event) => event['sequence_number'])).toEqual([...events.keys()]);
    const last = events.at(-1)!;
    const told = last['response'];
    return {
      types: events.map(({ type }) => String(type)),
      events,
      last,
      response: isJsonObject(told) ? told : {},
      ended: reader.ended,
    };
  }

  it('says its reasoning, its text and its calls as items, and all of them again at the end', async () => {
    gateway.openai.script(
      stream(
        reasoningChunk('Hm.'),
        deltaChunk({ content: 'I ' }),
        deltaChunk({ content: 'look.' }),
        toolCallChunk(0, 'call_1', 'look'),
        toolArgumentsChunk(0, '{"at":'),
        toolArgumentsChunk(0, '1}'),
        toolCallChunk(1, 'call_2', 'time'),
        finishChunk({ finishReason: 'tool_calls' }),
        usageChunk({
          prompt_tokens: 9,
          completion_tokens: 7,
          prompt_tokens_details: { cached_tokens: 4 },
          completion_tokens_details: { reasoning_tokens: 3 },
        }),
      ),
    );
    const { types, response, events, ended } = await read();
    expect(ended).toBe('clean');
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(response).toMatchObject({
      status: 'completed',
      output: [
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] },
        { type: 'message', content: [{ type: 'output_text', text: 'I look.' }] },
        { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{"at":1}' },
        // None is an empty object: its clients parse it.
        { type: 'function_call', call_id: 'call_2', name: 'time', arguments: '{}' },
      ],
      usage: {
        input_tokens: 9,
        input_tokens_details: { cached_tokens: 4 },
        output_tokens: 7,
        output_tokens_details: { reasoning_tokens: 3 },
        total_tokens: 16,
      },
    });
    const done = events.filter(({ type }) => type === 'response.output_item.done');
    expect(done.map(({ item }) => item)).toEqual(response['output']);
  });

  it('has calls that go on beside each other open at once, and each whole at its end', async () => {
    gateway.openai.script(
      stream(
        toolCallChunk(0, 'call_1', 'look'),
        toolArgumentsChunk(0, '{"at":'),
        toolCallChunk(1, 'call_2', 'time'),
        toolArgumentsChunk(1, '{}'),
        toolArgumentsChunk(0, '1}'),
        finishChunk({ finishReason: 'tool_calls' }),
      ),
    );
    const { response } = await read();
    expect(response['output']).toMatchObject([
      { call_id: 'call_1', arguments: '{"at":1}', status: 'completed' },
      { call_id: 'call_2', arguments: '{}', status: 'completed' },
    ]);
  });

  it.each([
    ['length', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ])('that ends by %s is incomplete, and so is its last item', async (finishReason, reason) => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo'], { finishReason }));
    const { last, response, ended } = await read();
    expect(last['type']).toBe('response.incomplete');
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason },
      output: [{ status: 'incomplete', content: [{ text: 'Hello' }] }],
    });
    expect(ended).toBe('clean');
  });

  it('says a refusal as a part of its message', async () => {
    gateway.openai.script(
      stream(deltaChunk({ refusal: 'I ' }), deltaChunk({ refusal: 'won’t.' }), finishChunk()),
    );
    const { types, response } = await read();
    expect(types).toContain('response.refusal.done');
    expect(response).toMatchObject({
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'I won’t.' }] }],
    });
  });

  it('that is cut has its error twice, what there was of it, and no clean end', async () => {
    gateway.openai.script(openAi.streamsTextThenCuts(['Hel', 'lo']));
    const { types, events, response, ended } = await read();
    expect(types.slice(-2)).toEqual(['error', 'response.failed']);
    expect(events.at(-2)).toMatchObject({ error: { code: 'upstream_cut', type: 'server_error' } });
    expect(response).toMatchObject({
      status: 'failed',
      error: { code: 'server_error' },
      output: [{ status: 'incomplete', content: [{ type: 'output_text', text: 'Hello' }] }],
    });
    expect(ended).toBe('cut');
  });

  it('fails honestly where it is longer than is kept', async () => {
    gateway.openai.script(openAi.streamsForever('x'.repeat(500)));
    const { events, response, ended } = await read();
    expect(events.at(-2)).toMatchObject({ error: { code: 'answer_too_large' } });
    expect(response).toMatchObject({ status: 'failed', output: [{ status: 'incomplete' }] });
    expect(ended).toBe('cut');
    await within(gateway.openai.left(0), 'the upstream is left');
    expect(await gateway.ended()).toMatchObject({ fault: 'answer_too_large' });
  });

  it.each<[string, readonly unknown[]]>([
    [
      'of thoughts and words in turn',
      Array.from({ length: 20 }, (_, n) =>
        n % 2 ? deltaChunk({ content: '.' }) : reasoningChunk('.'),
      ),
    ],
    [
      'of calls without arguments',
      Array.from({ length: 20 }, (_, n) => toolCallChunk(n, `c${n}`, 'look')),
    ],
    ['of a call with a long name', [toolCallChunk(0, 'c', 'n'.repeat(3000))]],
  ])('that is nothing but many items is too long, too: one %s', async (_, chunks) => {
    gateway.openai.script(stream(...chunks, finishChunk()));
    expect((await read()).events.at(-2)).toMatchObject({ error: { code: 'answer_too_large' } });
  });

  it('leaves out what only Chat Completions can show, as a plain answer does', async () => {
    const annotations = [{ type: 'url_citation', url_citation: { url: 'https://e.example' } }];
    gateway.openai.script(
      stream(
        deltaChunk({ role: 'assistant', context: { citations: [] } }),
        deltaChunk({ content: 'Hello' }),
        deltaChunk({ annotations }),
        finishChunk(),
      ),
    );
    const { response, ended } = await read();
    expect(response).toMatchObject({
      status: 'completed',
      output: [{ type: 'message', content: [{ text: 'Hello' }] }],
    });
    expect(ended).toBe('clean');
  });

  it('is not counted as complete where all of it came at once', async () => {
    gateway.openai.script(stream(deltaChunk({ content: 'x'.repeat(3000) }), finishChunk()));
    expect((await read()).response).toMatchObject({ status: 'failed' });
    expect(await gateway.ended()).toMatchObject({ fault: 'answer_too_large' });
  });

  it('is opened by its commit where nothing has come, and can still fall back', async () => {
    await gateway.close();
    gateway = await Gateway.start({ streams: { commitAfterMs: 20, heartbeatMs: 20 } });
    const first = openAi.stepper();
    gateway.openai.script(first.script);
    const asking = gateway.post('/v1/responses', { model: 'gpt-4o', stream: true, input: 'Hi' });
    const reader = new BodyReader(await within(asking, 'the commit'));
    expect(await reader.next()).toMatch(/^event: response\.created\n/);
    expect(await reader.next()).toBe(': keepalive\n\n');
    gateway.ollama.script(ollama.streamsText(['Hello']));
    await first.reset();
    await within(reader.all(), 'the stream ends');
    expect(reader.raw.match(/event: response\.created/g)).toHaveLength(1);
    expect(reader.raw).toContain('event: response.completed');
    expect(reader.raw).toContain('Hello');
  });
});
