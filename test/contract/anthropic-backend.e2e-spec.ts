import { describe, expect, it } from 'vitest';
import { createAnthropicBackend } from '../../src/backends/anthropic/anthropic.backend.js';
import { readAnthropicStream } from '../../src/backends/anthropic/anthropic-stream.js';
import {
  anthropic,
  ANTHROPIC_STREAM_TYPE,
  anthropicError,
  anthropicEvent,
  blockDelta,
  blockStart,
  blockStop,
  message,
  MESSAGE_STOP,
  messageDelta,
  messageStart,
  textDelta,
} from '../support/anthropic-script.js';
import { contextOf } from '../support/attempt-context.js';
import { failure } from '../support/failure.js';
import type { UpstreamRequest } from '../support/scripted-upstream.js';
import { replays } from '../support/upstream-scripts.js';
import type { Target } from '../../src/contract/chat-backend.js';
import type { ChatRequest } from '../../src/contract/chat-request.js';
import type { JsonObject } from '../../src/contract/json.js';
import type { BackendKind } from './backend-kind.js';
import { all, BackendUnderTest, eventsOf, REQUEST, TARGET } from './backend-under-test.js';
import { describeChatBackend } from './chat-backend.contract.js';
import { fixturesOf } from './fixtures.js';

const toolUse = (input: unknown) => ({ type: 'tool_use', id: 'toolu_1', name: 'sum', input });

const kind: BackendKind = {
  name: 'Anthropic',
  create: (settings) => createAnthropicBackend(settings),
  baseUrlOf: (upstream) => upstream.openaiUrl,
  scripts: anthropic,
  keyHeader: (apiKey) => ({ 'x-api-key': apiKey }),
  stopWord: 'end_turn',
  finishing: (finishReason) => ({ finishReason }),
  abortedWith: (text) =>
    [textDelta(text), blockStop(0), messageDelta('abort')].map(anthropicEvent).join(''),
  streamsCounts: (input) =>
    replays(
      ANTHROPIC_STREAM_TYPE,
      [
        { ...messageStart(), message: { ...message([]), usage: {} } },
        blockStart(0),
        textDelta('Hi'),
        blockStop(0),
        messageDelta('end_turn', { input_tokens: input, output_tokens: 3 }),
        MESSAGE_STOP,
      ]
        .map(anthropicEvent)
        .join(''),
    ),
  streamType: ANTHROPIC_STREAM_TYPE,
  event: (json) => `data: ${json}\n\n`,
  answersWith: [
    (value) => message([{ type: 'text', text: 'Hi' }], { fields: { unknown: value } }),
    (value) => message([{ type: 'text', text: value }]),
    (value) => message([{ type: 'of_tomorrow', value }]),
    (value) => message([toolUse(value)], { finishReason: 'tool_use' }),
  ],
  eventsWith: [
    (value) => ({ ...textDelta('lo'), unknown: value }),
    (value) => textDelta(value),
    (value) => blockDelta(0, { type: 'of_tomorrow', value }),
    (value) => ({ type: 'of_tomorrow', value }),
    (value) => blockDelta(0, { type: 'input_json_delta', partial_json: value }),
  ],
  textEvent: (text) => anthropicEvent(textDelta(text)),
  finishEvent: anthropicEvent(blockStop(0)) + anthropicEvent(messageDelta()),
  brokenEvent: 'event: content_block_delta\ndata: {"type":"content_block_delta","del\n\n',
  noise: 'data: ping\n\n',
  meaningless:
    ': a comment\n\n\n\ndata:\n\nevent: ping\ndata: {"type":"ping"}\n\ndata: 42\n\nevent: ping\n\n',
  errorBody: (text, details) => anthropicError(text, details?.type ?? details?.code),
  hasErrorCodes: false,
  inBandErrors: [
    ['an overload', { type: 'overloaded_error', message: 'Overloaded' }, 'upstream_unavailable'],
    ['a server error', { type: 'api_error', message: 'sk-secret-123' }, 'upstream_unavailable'],
    ['an exceeded rate', { type: 'rate_limit_error', message: 'Slow.' }, 'rate_limited'],
    ['a refused key', { type: 'authentication_error', message: 'No.' }, 'upstream_credentials'],
    [
      'a prompt that is too long',
      { type: 'invalid_request_error', message: 'prompt is too long: 9 tokens > 8 maximum' },
      'context_too_long',
    ],
    [
      'an exhausted credit',
      {
        type: 'invalid_request_error',
        message: 'Your credit balance is too low to access the Anthropic API.',
      },
      'quota_exhausted',
    ],
  ],
  fixtures: { folder: 'anthropic', extension: 'sse' },
  readStream: readAnthropicStream,
};

describeChatBackend(kind);

/** Those whose events Anthropic's clients take as they are. */
const REGULAR = fixturesOf(kind).filter(({ name }) => name !== 'llama-cpp-open-blocks');

const text = (value: string) => ({ type: 'text', text: value }) as const;

describe('the Anthropic backend, beside what all have in common,', () => {
  const test = new BackendUnderTest(kind);
  const asked = { ...REQUEST, sampling: {} };

  async function sent(request: ChatRequest, target: Target = TARGET): Promise<UpstreamRequest> {
    test.upstream.script(anthropic.streamsText(['Hi']));
    await all(await test.backend.open(request, target, contextOf()));
    return test.upstream.requests.at(-1)!;
  }

  it.each(REGULAR.map(({ name, bytes }) => [name, bytes] as const))(
    'carries every event of the fixture %s but pings, in order and unchanged',
    async (_, bytes) => {
      test.upstream.script(replays(ANTHROPIC_STREAM_TYPE, bytes));
      const events = await eventsOf(await test.open());
      const passed = events.flatMap(({ native }) => native?.event ?? []);
      expect(passed).toEqual(eventsIn(bytes));
    },
  );

  it('says the version of the API, and a limit, which Anthropic wants', async () => {
    const { headers, body, path } = await sent(asked);
    expect(path).toBe('/v1/messages');
    expect(headers['anthropic-version']).toBe('2023-06-01');
    expect(body).toEqual({
      model: 'asked-model',
      max_tokens: 8192,
      stream: true,
      messages: [{ role: 'user', content: 'Say hello.' }],
    });
  });

  it('has a limit of its target, and a version of its backend', async () => {
    test.with({ anthropicVersion: '2026-10-21' } as object);
    const request = { ...asked, sampling: { temperature: 1, topP: 1 } };
    const { headers, body } = await sent(request, { ...TARGET, maxTokens: 99 });
    expect(headers['anthropic-version']).toBe('2026-10-21');
    expect(body['max_tokens']).toBe(99);
    // This version refuses them, whatever they say.
    expect(body).not.toHaveProperty('temperature');
    expect(test.backend.fit(request, TARGET).ignored).toEqual(['temperature', 'top_p']);
  });

  it('goes by the version that is sent, also where it is configured as a header', async () => {
    test.with({ headers: { 'Anthropic-Version': '2026-10-21' } });
    const { headers, body } = await sent({ ...asked, sampling: { temperature: 1 } });
    expect(headers['anthropic-version']).toBe('2026-10-21');
    expect(body).not.toHaveProperty('temperature');
  });

  it('says that an effort of no equal here is left out, whatever else is asked for', () => {
    const responseFormat = { type: 'json-schema', name: 'x', schema: {} } as const;
    const request = { ...asked, reasoningEffort: 'none', responseFormat };
    expect(test.backend.fit(request, TARGET).ignored).toEqual(['reasoning_effort']);
  });

  it('writes a conversation as turns, results of tools first', async () => {
    const { body } = await sent({
      ...asked,
      messages: [
        { role: 'developer', parts: [text('Be brief.')] },
        { role: 'user', parts: [text('One.')] },
        { role: 'user', parts: [{ type: 'image', url: 'data:image/png;base64,AA==' }] },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'Foreign.' },
            {
              type: 'reasoning',
              text: 'Own.',
              signature: { provider: 'anthropic', data: 'c2ln' },
            },
            { type: 'reasoning', text: '', redacted: { provider: 'anthropic', data: 'AAAA' } },
            text(''),
            { type: 'tool-call', id: 'call:1.a', name: 'f', arguments: '{"a":1}' },
            { type: 'tool-call', id: 'call_2', name: 'g', arguments: '' },
          ],
        },
        { role: 'tool', parts: [{ type: 'tool-result', toolCallId: 'call:1.a', parts: [] }] },
        {
          role: 'user',
          parts: [
            text('Two.'),
            { type: 'tool-result', toolCallId: 'call_2', parts: [text('No.')], isError: true },
          ],
        },
        { role: 'system', parts: [text('And kind.')] },
      ],
    });
    expect(body).toMatchObject({
      system: [text('Be brief.'), text('And kind.')],
      messages: [
        {
          role: 'user',
          content: [
            text('One.'),
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Own.', signature: 'c2ln' },
            { type: 'redacted_thinking', data: 'AAAA' },
            { type: 'tool_use', id: 'call_1_a', name: 'f', input: { a: 1 } },
            { type: 'tool_use', id: 'call_2', name: 'g', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call_1_a' },
            { type: 'tool_result', tool_use_id: 'call_2', content: [text('No.')], is_error: true },
            text('Two.'),
          ],
        },
      ],
    });
  });

  it('writes tools, choices, formats and effort in its words', async () => {
    const schema = { type: 'object' };
    const { body } = await sent({
      ...asked,
      tools: [{ name: 'f', description: 'F.', parameters: schema, strict: true }, { name: 'g' }],
      toolChoice: 'auto',
      responseFormat: { type: 'json-schema', name: 'x', schema },
      reasoningEffort: 'minimal',
      sampling: { temperature: 0.5, stop: ['END', ' '], seed: 7 },
    });
    expect(body).toMatchObject({
      tools: [
        { name: 'f', description: 'F.', input_schema: schema, strict: true },
        { name: 'g', input_schema: { type: 'object' } },
      ],
      tool_choice: { type: 'auto' },
      output_config: { effort: 'low', format: { type: 'json_schema', schema } },
      thinking: { type: 'adaptive' },
      stop_sequences: ['END'],
    });
    expect(body).not.toHaveProperty('temperature');
    for (const [choice, said] of [
      ['required', { type: 'any' }],
      ['none', { type: 'none' }],
      [{ name: 'f' }, { type: 'tool', name: 'f' }],
    ] as const) {
      expect((await sent({ ...asked, toolChoice: choice })).body['tool_choice']).toEqual(said);
    }
  });

  it.each<[string, Partial<ChatRequest>]>([
    ['response_format', { responseFormat: { type: 'json' } }],
    ['logprobs', { unmodelled: { shape: ['logprobs'], hints: [] } }],
    [
      'messages[0].content[0]',
      { messages: [{ role: 'user', parts: [{ type: 'opaque', kind: 'input_audio' }] }] },
    ],
    [
      'messages[0].content[0]',
      { messages: [{ role: 'user', parts: [{ type: 'image', url: 'data:text/plain,x' }] }] },
    ],
  ])('does not answer without %s', (param, fields) => {
    expect(test.backend.fit({ ...asked, ...fields }, TARGET).unsupported).toMatchObject({ param });
  });

  describe('for a caller that speaks its dialect', () => {
    const body = {
      model: 'theirs',
      max_tokens: 100,
      system: [{ type: 'text', text: 'A.', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content: 'Hi' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Foreign.', signature: '' },
            { type: 'thinking', thinking: 'Own.', signature: 'c2ln' },
          ],
        },
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'Foreign.' }] },
        { role: 'user', content: [{ type: 'document', of_tomorrow: [1] }] },
      ],
      fallbacks: [{ model: 'other' }],
      x_of_tomorrow: { deep: [1] },
    };
    const headers = { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a-1,b-2' };
    const native = { dialect: 'messages', body, headers } as const;

    it('sends its own body and headers, but for the reasoning of others', async () => {
      const request = await sent({ ...asked, native });
      expect(request.headers).toMatchObject(headers);
      const [first, second, , fourth] = body.messages;
      expect(request.body).toEqual({
        ...body,
        model: 'asked-model',
        stream: true,
        messages: [
          first,
          { ...second, content: [{ type: 'thinking', thinking: 'Own.', signature: 'c2ln' }] },
          fourth,
        ],
      });
      expect(test.backend.fit({ ...asked, native }, TARGET)).toEqual({ ignored: [] });
    });

    it('keeps what its key bounds', async () => {
      const bounds = { isOutputBound: true, isBoundToModel: true, sampling: { maxTokens: 10 } };
      const request = await sent({ ...asked, native, ...bounds });
      expect(request.body['max_tokens']).toBe(10);
      expect(request.body).not.toHaveProperty('fallbacks');
      const fit = test.backend.fit({ ...asked, native, ...bounds }, TARGET);
      expect(fit.ignored).toEqual(['fallbacks']);
    });

    it('keeps it in the words of other servers, too', async () => {
      const others = {
        models: ['other'],
        extra_body: { model: 'other' },
        n_predict: 99,
        max_completion_tokens: 99,
        options: { num_predict: -1 },
      };
      const bounds = { isOutputBound: true, isBoundToModel: true, sampling: { maxTokens: 10 } };
      const request = { ...asked, ...bounds, native: { ...native, body: { ...body, ...others } } };
      const limits = { n_predict: 10, max_completion_tokens: 10, options: { num_predict: 10 } };
      const { body: told } = await sent(request);
      expect(told).toMatchObject({ max_tokens: 10, ...limits });
      expect(told).not.toHaveProperty('models');
      expect(told).not.toHaveProperty('extra_body');
      for (const name of ['max_completion_tokens', 'limit']) {
        const target = { ...TARGET, rename: { max_tokens: name } };
        const renamed = await sent({ ...request, native: { ...native, body } }, target);
        expect(renamed.body[name]).toBe(10);
        expect((await sent(request, target)).body[name]).toBe(10);
      }
    });

    it('lets the configuration have the last word', async () => {
      test.with({ headers: { 'Anthropic-Beta': 'ours-1' } });
      const target = { ...TARGET, drop: ['x_of_tomorrow'], set: { service_tier: 'auto' } };
      const request = await sent({ ...asked, native }, target);
      expect(request.headers['anthropic-beta']).toBe('ours-1');
      expect(request.body).not.toHaveProperty('x_of_tomorrow');
      expect(request.body['service_tier']).toBe('auto');
    });
  });

  it.each<[string, readonly JsonObject[], string]>([
    ['that begins twice', [messageStart(), messageStart()], 'upstream_protocol'],
    ['that stops without a reason', [messageStart(), blockStart(0), MESSAGE_STOP], 'upstream_cut'],
  ])('takes no stream %s', async (_, events, fault) => {
    test.upstream.script(replays(ANTHROPIC_STREAM_TYPE, events.map(anthropicEvent).join('')));
    expect((await failure(test.stream())).fault).toBe(fault);
  });

  it('reads blocks without beginnings and ends, and passes none of them on as they came', async () => {
    const events = [
      messageStart(),
      textDelta('Hel'),
      textDelta('lo'),
      blockStart(4, { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }),
      messageDelta('tool_use'),
      MESSAGE_STOP,
    ];
    test.upstream.script(replays(ANTHROPIC_STREAM_TYPE, events.map(anthropicEvent).join('')));
    const read = await eventsOf(await test.open());
    expect(read.flatMap(({ parts }) => parts)).toMatchObject([
      { type: 'start' },
      { type: 'text-delta', text: 'Hel' },
      { type: 'text-delta', text: 'lo' },
      { type: 'tool-call-delta', id: 't', name: 'f', arguments: '' },
      { type: 'tool-call-delta', arguments: '{"a":1}' },
      { type: 'end', reason: 'tool_calls' },
    ]);
    expect(read.slice(1).every(({ native }) => native === undefined)).toBe(true);
  });

  it('loses no arguments of calls that all have the same number, and no ends', async () => {
    const events = [
      messageStart(),
      blockStart(0, toolUse({ a: 1 })),
      blockStart(0, toolUse({ b: 2 })),
      messageDelta('tool_use'),
      MESSAGE_STOP,
    ];
    test.upstream.script(replays(ANTHROPIC_STREAM_TYPE, events.map(anthropicEvent).join('')));
    const parts = (await eventsOf(await test.open())).flatMap((event) => event.parts);
    expect(
      parts.flatMap((part) =>
        part.type === 'tool-call-delta' ? [[part.index, part.arguments]] : [],
      ),
    ).toEqual([
      [0, ''],
      [0, '{"a":1}'],
      [1, ''],
      [1, '{"b":2}'],
    ]);
  });

  const { usage: _, ...withoutUsage } = messageDelta();
  it.each<[string, readonly JsonObject[]]>([
    ['a start without content', [{ type: 'message_start', message: { id: 'm', usage: {} } }]],
    ['a last word without counts', [messageStart(), withoutUsage]],
    ['a last word whose counts are null', [messageStart(), { ...withoutUsage, usage: null }]],
    [
      'text within reasoning',
      [messageStart(), blockStart(0, { type: 'thinking', thinking: '' }), textDelta('Hi')],
    ],
    ['a call without an id', [messageStart(), blockStart(0, { type: 'tool_use', name: 'f' })]],
    [
      'arguments that are no text',
      [
        messageStart(),
        blockStart(0, toolUse({})),
        blockDelta(0, { type: 'input_json_delta', partial_json: { a: 1 } }),
      ],
    ],
  ])('passes %s on in parts alone: Anthropic’s clients fail at it', async (_what, events) => {
    const whole = [...events, messageDelta(), MESSAGE_STOP];
    test.upstream.script(replays(ANTHROPIC_STREAM_TYPE, whole.map(anthropicEvent).join('')));
    const read = await eventsOf(await test.open());
    const passed = read.flatMap(({ native }) => native?.event ?? []);
    expect(passed).toEqual(events.slice(0, -1));
    expect(read.at(-1)?.parts.at(-1)).toMatchObject({ type: 'end' });
  });

  it('withdraws a stop reason that content follows', async () => {
    const events = [messageStart(), blockStart(0), textDelta('a'), messageDelta(), textDelta('b')];
    test.upstream.script(replays(ANTHROPIC_STREAM_TYPE, events.map(anthropicEvent).join('')));
    expect((await failure(test.stream())).fault).toBe('upstream_cut');
  });
});

function eventsIn(bytes: Buffer): unknown[] {
  return bytes
    .toString()
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as { type: string })
    .filter(({ type }) => type !== 'ping');
}
