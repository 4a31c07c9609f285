import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { readCompletion } from '../support/chat-completions.js';
import { chatEvents } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { doneLine, messageLine, ndjson, OLLAMA_STREAM_TYPE } from '../support/ollama-script.js';
import {
  completion,
  deltaChunk,
  finishChunk,
  OPENAI_STREAM_TYPE,
  sse,
} from '../support/openai-script.js';
import { answers, replays } from '../support/upstream-scripts.js';

interface Call {
  index: number;
  id: string;
  name: string;
  arguments: string;
}

const MESSAGES = [{ role: 'user', content: 'Hi' }];
const fn = (name: string, args: unknown) => ({ name, arguments: args });
const TWO = [
  { name: 'f', arguments: '{"n":1}' },
  { name: 'f', arguments: '{"n":2}' },
];

/** The same two calls as different servers send them: each list is the `tool_calls` of one event. */
const WIRES: readonly (readonly [string, readonly JsonObject[][]])[] = [
  [
    'as OpenAI does',
    [
      [{ index: 0, id: 'a', type: 'function', function: fn('f', '') }],
      [{ index: 0, function: { arguments: '{"n"' } }],
      [{ index: 0, function: { arguments: ':1}' } }],
      [{ index: 1, id: 'b', type: 'function', function: fn('f', '{"n":2}') }],
    ],
  ],
  [
    'without an index',
    [[{ id: 'a', function: fn('f', '{"n":1}') }], [{ id: 'b', function: fn('f', '{"n":2}') }]],
  ],
  [
    'without an index, in pieces',
    [
      [{ id: 'a', function: fn('f', '{"n"') }],
      [{ function: { arguments: ':1}' } }],
      [{ id: 'b', function: fn('f', '{"n"') }],
      [{ function: { arguments: ':2}' } }],
    ],
  ],
  [
    'with an index that is an object',
    [
      [{ index: { toString: 1 }, id: 'a', function: fn('f', '{"n":1}') }],
      [{ index: [], id: 'b', function: fn('f', '{"n":2}') }],
    ],
  ],
  [
    'all with the index 0',
    [
      [{ index: 0, id: 'a', function: fn('f', '{"n":1}') }],
      [{ index: 0, id: 'b', function: fn('f', '{"n":2}') }],
    ],
  ],
  ['without index and id', [[{ function: fn('f', '{"n":1}') }, { function: fn('f', '{"n":2}') }]]],
  [
    'without an id, all with the index 0',
    [[{ index: 0, function: fn('f', '{"n":1}') }], [{ index: 0, function: fn('f', '{"n":2}') }]],
  ],
  [
    'with an object for arguments',
    [
      [{ index: 0, id: 'a', function: fn('f', { n: 1 }) }],
      [{ index: 1, id: 'b', function: fn('f', { n: 2 }) }],
    ],
  ],
  [
    'with the name and id on every piece',
    [
      [{ index: 0, id: 'a', function: fn('f', '{"n"') }],
      [{ index: 0, id: 'a', function: fn('f', ':1}') }],
      [{ index: 1, id: 'b', function: fn('f', '{"n":2}') }],
    ],
  ],
  [
    'from the index 1 on',
    [
      [{ index: 1, id: 'a', function: fn('f', '{"n":1}') }],
      [{ index: 2, id: 'b', function: fn('f', '{"n":2}') }],
    ],
  ],
];

const MORE_WIRES: typeof WIRES = [
  [
    'with an index as text, interleaved',
    [
      [{ index: '0', id: 'a', function: fn('f', '') }],
      [{ index: '1', id: 'b', function: fn('f', '') }],
      [{ index: '0', function: { arguments: '{"n":1}' } }],
      [{ index: '1', function: { arguments: '{"n":2}' } }],
    ],
  ],
  [
    'with the name behind the beginning',
    [
      [{ index: 0, id: 'a', function: null }],
      [{ index: 0, function: fn('f', '{"n":1}') }],
      [{ index: 1, id: 'b', function: fn('f', '{"n":2}') }],
    ],
  ],
];

describe('Two tool calls', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  async function onChat(model: string): Promise<{ calls: Call[]; finishReason: unknown }> {
    const events = await chatEvents(await gateway.post(`/chat/${model}`, { messages: MESSAGES }));
    const pieces = events.filter(({ type }) => type === 'tool-call').map(({ data }) => data);
    return { calls: joined(pieces), finishReason: events.at(-1)!.data['finishReason'] };
  }

  for (const [how, events] of [...WIRES, ...MORE_WIRES]) {
    it.each(['tool_calls', 'stop'])(
      `sent ${how} are two calls, and the reason is "%s"`,
      async (reason) => {
        const finish = finishChunk({ finishReason: reason });
        const wire = [
          ...events.map((calls) => deltaChunk({ tool_calls: calls })),
          finish,
          '[DONE]',
        ];
        const body = wire.map((event) => sse(event)).join('');
        gateway.openai.script(replays(OPENAI_STREAM_TYPE, body));
        const { calls, finishReason } = await onChat('gpt-only');
        expect(calls).toMatchObject(TWO);
        expect(calls.map(({ index }) => index)).toEqual([0, 1]);
        expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
        expect(finishReason).toBe('tool_calls');

        const { chunks } = await readCompletion(await gateway.complete());
        expect(joined(chunks.flatMap(openAiPieces))).toMatchObject(TWO);
      },
    );
  }

  it('in the form that tools had before they were tools are calls on /chat, and untouched on /v1', async () => {
    const legacy = { function_call: fn('f', '{"n":1}') };
    const body = [deltaChunk(legacy), finishChunk({ finishReason: 'function_call' }), '[DONE]'];
    const bytes = body.map((event) => sse(event)).join('');
    gateway.openai.script(replays(OPENAI_STREAM_TYPE, bytes));
    expect((await onChat('gpt-only')).calls).toMatchObject([TWO[0]]);
    const { chunks } = await readCompletion(await gateway.complete());
    expect(chunks[0]).toMatchObject({ choices: [{ delta: legacy }] });
    expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: 'function_call' }] });
  });

  it.each([[{}], [[{}]]])('are none where the list of them is %j', async (none) => {
    const body = [
      deltaChunk({ content: 'Hel' }),
      deltaChunk({ content: 'lo', tool_calls: none }),
      finishChunk(),
      '[DONE]',
    ];
    gateway.openai.script(replays(OPENAI_STREAM_TYPE, body.map((event) => sse(event)).join('')));
    expect(await onChat('gpt-only')).toEqual({ calls: [], finishReason: 'stop' });
    const { chunks } = await readCompletion(await gateway.complete());
    expect(chunks[1]).toMatchObject({ choices: [{ delta: { content: 'lo' } }] });
    expect(JSON.stringify(chunks)).not.toContain('tool_calls');

    const message = { role: 'assistant', content: 'Hello', tool_calls: none };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    gateway.openai.script(answers({ ...completion('Hello'), choices }));
    const answer = (await (await gateway.complete({ stream: false })).json()) as JsonObject;
    expect(answer).toMatchObject({
      choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }],
    });
    expect(JSON.stringify(answer)).not.toContain('tool_calls');
  });

  it.each([[{}], [[{}]]])('are none where Ollama lists them as %j', async (none) => {
    const lines = [messageLine({ content: 'Hello', tool_calls: none }), doneLine()];
    gateway.ollama.script(replays(OLLAMA_STREAM_TYPE, lines.map((line) => ndjson(line)).join('')));
    expect(await onChat('llama3')).toEqual({ calls: [], finishReason: 'stop' });
  });

  it('that a message sums up are not called twice', async () => {
    const calls = [{ index: 0, id: 'a', type: 'function', function: fn('f', '{"n":1}') }];
    const summary = {
      ...finishChunk({ finishReason: 'tool_calls' }),
      choices: [
        { index: 0, delta: {}, message: { tool_calls: calls }, finish_reason: 'tool_calls' },
      ],
    };
    const body = [
      deltaChunk({ content: 'A' }),
      deltaChunk({ tool_calls: calls }),
      summary,
      '[DONE]',
    ];
    gateway.openai.script(replays(OPENAI_STREAM_TYPE, body.map((event) => sse(event)).join('')));
    expect((await onChat('gpt-only')).calls).toMatchObject([TWO[0]]);
  });

  it.each([
    ['objects', { n: 1 }, { n: 2 }],
    ['text', '{"n":1}', '{"n":2}'],
  ])('of Ollama with %s for arguments are JSON text once', async (_, one, two) => {
    const message = { tool_calls: [{ function: fn('f', one) }, { function: fn('f', two) }] };
    const body = ndjson(messageLine(message)) + ndjson(doneLine());
    gateway.ollama.script(
      replays(OLLAMA_STREAM_TYPE, body),
      replays(OLLAMA_STREAM_TYPE, body),
      answers({ ...doneLine(), message: { role: 'assistant', content: '', ...message } }),
    );
    const { calls, finishReason } = await onChat('llama3');
    expect(calls).toMatchObject(TWO);
    expect(finishReason).toBe('tool_calls');
    const { chunks } = await readCompletion(await gateway.complete({ model: 'llama3' }));
    expect(joined(chunks.flatMap(openAiPieces))).toMatchObject(TWO);
    const plain = await gateway.complete({ model: 'llama3', stream: false });
    expect(await callsOf(plain)).toMatchObject(TWO);
  });

  it('in a choice that nobody can number are none', async () => {
    const odd = { index: { toString: 1 }, delta: { content: 'no' } };
    const chunk = { ...deltaChunk({}), choices: [odd] };
    const bytes = [chunk, deltaChunk({ content: 'Hi' }), finishChunk(), '[DONE]'];
    gateway.openai.script(replays(OPENAI_STREAM_TYPE, bytes.map((each) => sse(each)).join('')));
    expect((await readCompletion(await gateway.complete())).text).toBe('Hi');
  });

  it.each([
    ['calls', (n: number) => ({ index: n, id: `c${n}`, function: fn('f', '') })],
    ['pieces of a name', (n: number) => ({ index: 0, function: fn(`${n}`.repeat(16), '') })],
  ])('and thousands of %s more are no answer: what is kept of them is bounded', async (_, call) => {
    const chunks = Array.from({ length: 5000 }, (__, n) => deltaChunk({ tool_calls: [call(n)] }));
    const bytes = [...chunks, finishChunk(), '[DONE]'].map((each) => sse(each)).join('');
    gateway.openai.script(replays(OPENAI_STREAM_TYPE, bytes));
    const raw = await (await gateway.complete()).text().catch(() => '');
    expect(raw).not.toContain('[DONE]');
    expect(await gateway.ended()).toMatchObject({ fault: 'upstream_protocol' });
  });

  it('in a plain answer are readable, too: arguments are text, and each has an id', async () => {
    const message = {
      role: 'assistant',
      content: null,
      tool_calls: [{ function: fn('f', { n: 1 }) }, { function: fn('f', { n: 2 }) }],
    };
    const choices = [{ index: 0, message, finish_reason: 'tool_calls' }];
    gateway.openai.script(answers({ ...completion(''), choices }));
    const calls = await callsOf(await gateway.complete({ stream: false }));
    expect(calls).toMatchObject(TWO);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  });
});

/** The calls that pieces make up, as a client joins them. */
function joined(pieces: readonly JsonObject[]): Call[] {
  const calls: Call[] = [];
  for (const { index, id, name, arguments: args } of pieces as unknown as Partial<Call>[]) {
    calls[index!] ??= { index: index!, id: id!, name: name!, arguments: '' };
    calls[index!]!.name ??= name!;
    calls[index!]!.arguments += args ?? '';
  }
  return calls;
}

function openAiPieces(chunk: JsonObject): JsonObject[] {
  const [choice] = chunk['choices'] as { delta: { tool_calls?: JsonObject[] } }[];
  return (choice?.delta.tool_calls ?? []).map((call) => ({
    ...call,
    ...(call['function'] as JsonObject),
  }));
}

async function callsOf(response: Response): Promise<Call[]> {
  const { choices } = (await response.json()) as {
    choices: { message: { tool_calls: { id: string; function: Call }[] } }[];
  };
  return choices[0]!.message.tool_calls.map((call) => ({ ...call.function, id: call.id }));
}
