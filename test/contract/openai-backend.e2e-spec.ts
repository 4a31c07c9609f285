import { createParser } from 'eventsource-parser';
import { describe, expect, it } from 'vitest';
import { createOpenAiBackend } from '../../src/backends/openai/openai.backend.js';
import { LateUsage } from '../../src/backends/openai/late-usage.js';
import { readOpenAiStream } from '../../src/backends/openai/openai-stream.js';
import type { DialectName } from '../../src/contract/stream-event.js';
import { isJsonObject } from '../../src/contract/json.js';
import { contextOf } from '../support/attempt-context.js';
import { failure } from '../support/failure.js';
import {
  completion,
  contentChunk,
  deltaChunk,
  finishChunk,
  openAi,
  openAiError,
  OPENAI_STREAM_TYPE,
  roleChunk,
  sse,
  usageChunk,
} from '../support/openai-script.js';
import { settingsOf } from '../support/upstream-settings.js';
import { replays } from '../support/upstream-scripts.js';
import type { BackendKind } from './backend-kind.js';
import {
  all,
  eventsOf,
  BackendUnderTest,
  PartReader,
  REQUEST,
  TARGET,
  textOf,
} from './backend-under-test.js';
import { describeChatBackend } from './chat-backend.contract.js';
import { fixturesOf } from './fixtures.js';

const inBand = (fields: { type?: string; code?: string | null }) =>
  openAiError('No more for sk-secret-123.', fields)['error'];

const callOf = (args: unknown) => ({
  index: 0,
  id: '1',
  function: { name: 'sum', arguments: args },
});
const completionOf = (message: object) => ({
  ...completion(''),
  choices: [{ index: 0, message, finish_reason: 'stop' }],
});

const kind: BackendKind = {
  name: 'OpenAI',
  create: (settings) => createOpenAiBackend(settings),
  baseUrlOf: (upstream) => upstream.openaiUrl,
  scripts: openAi,
  keyHeader: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  stopWord: 'stop',
  finishing: (finishReason) => ({ finishReason }),
  abortedWith: (text) => sse(deltaChunk({ content: text }, {}, { finish_reason: 'abort' })),
  streamsCounts: (input) =>
    replays(
      OPENAI_STREAM_TYPE,
      sse(contentChunk('Hi')) +
        sse(finishChunk()) +
        sse(usageChunk({ prompt_tokens: input, completion_tokens: 3 })) +
        sse('[DONE]'),
    ),
  streamType: OPENAI_STREAM_TYPE,
  event: (json) => `data: ${json}\n\n`,
  answersWith: [
    (value) => ({ ...completion('Hi'), unknown: value }),
    (value) => completionOf({ content: value }),
    (value) => completionOf({ content: 'Hi', unknown: value }),
    (value) => completionOf({ tool_calls: [callOf(value)] }),
  ],
  eventsWith: [
    (value) => ({ ...contentChunk('lo'), unknown: value }),
    (value) => ({ choices: [], unknown: value }),
    (value) => deltaChunk({ content: value }),
    (value) => deltaChunk({ content: 'lo', reasoning_details: value }),
    (value) => deltaChunk({ tool_calls: [callOf(value)] }),
  ],
  textEvent: (text) => sse(contentChunk(text)),
  finishEvent: sse(finishChunk()),
  brokenEvent: 'data: {"id":"chatcmpl-1","choices":[{"del\n\n',
  noise: 'data: ping\n\n',
  meaningless:
    ': a comment\n\n\n\ndata:\n\ndata: {"object":"unknown"}\n\ndata: 42\n\nevent: ping\n\n',
  errorBody: (message, details) => openAiError(message, details),
  hasErrorCodes: true,
  inBandErrors: [
    ['a server error', inBand({ type: 'server_error' }), 'upstream_unavailable'],
    ['an error without a type', { message: 'sk-secret-123' }, 'upstream_unavailable'],
    ['an error that is a sentence', 'Out of memory at sk-secret-123', 'upstream_unavailable'],
    ['an error with a status', { message: 'Busy', code: 503 }, 'upstream_unavailable'],
    ['an exceeded rate', inBand({ code: 'rate_limit_exceeded' }), 'rate_limited'],
    ['an exhausted quota', inBand({ code: 'insufficient_quota' }), 'quota_exhausted'],
    ['a filtered answer', { message: 'Filtered.', code: 'content_filter' }, 'content_filtered'],
    ['a refused key', inBand({ code: 'invalid_api_key' }), 'upstream_credentials'],
    [
      'a prompt that is too long',
      { message: 'Too long.', type: 'invalid_request_error', code: 'context_length_exceeded' },
      'context_too_long',
    ],
  ],
  fixtures: { folder: 'openai', extension: 'sse' },
  readStream: (bytes, source, notices) => readOpenAiStream(bytes, source, notices, new LateUsage()),
};

describeChatBackend(kind);

describe('the OpenAI backend, beside what all have in common,', () => {
  const test = new BackendUnderTest(kind);
  const asked = { ...REQUEST, sampling: {} };

  it.each(fixturesOf(kind).map(({ name, bytes }) => [name, bytes] as const))(
    'carries every event of the fixture %s once, in order and unchanged but for a reason beside content',
    async (_, bytes) => {
      test.upstream.script(replays(OPENAI_STREAM_TYPE, bytes));
      const events = await eventsOf(await test.open());
      const passed = events.flatMap(({ native }) => native?.event ?? []);
      expect(passed).toEqual(eventsIn(bytes));
    },
  );

  it('asks for a usage event, beside what the caller asked of the stream', async () => {
    test.upstream.script(openAi.streamsText(['Hi']));
    await test.stream();
    expect(test.upstream.requests[0]).toMatchObject({
      path: '/v1/chat/completions',
      body: { stream_options: { include_usage: true } },
    });

    const body = {
      messages: [],
      stream_options: { include_obfuscation: false },
      logit_bias: { 1: 2 },
    };
    await all(
      await test.backend.open(
        { ...asked, native: { dialect: 'chat-completions', body } },
        TARGET,
        contextOf(),
      ),
    );
    expect(test.upstream.requests[1]!.body).toEqual({
      model: 'asked-model',
      messages: [],
      stream: true,
      stream_options: { include_obfuscation: false, include_usage: true },
      logit_bias: { 1: 2 },
    });
  });

  it("puts the beginning of an answer behind the caller's own messages, and leaves those alone", async () => {
    test.upstream.script(openAi.streamsText(['lo']));
    const messages = [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }];
    const body = { messages, logit_bias: { 1: 2 } };
    const native = { dialect: 'chat-completions', body } as const;
    await all(await test.backend.open({ ...asked, native, prefill: 'Hel' }, TARGET, contextOf()));
    expect(test.upstream.requests[0]!.body).toMatchObject({
      messages: [...messages, { role: 'assistant', content: 'Hel' }],
      logit_bias: { 1: 2 },
    });
    expect(messages).toHaveLength(1);
  });

  it("honours any field of its own dialect's callers, and no foreign one", () => {
    const unmodelled = { shape: ['thinking'], hints: ['top_k'] };
    const fitOf = (dialect: DialectName) =>
      test.backend.fit({ ...asked, unmodelled, native: { dialect, body: {} } }, TARGET);
    expect(fitOf('chat-completions')).toEqual({ ignored: [] });
    expect(fitOf('event-source')).toMatchObject({
      ignored: ['top_k'],
      unsupported: { param: 'thinking' },
    });
  });

  it('gives every event with all that it means', async () => {
    const delta = { role: 'assistant', reasoning_content: 'Hm.', content: 'Hi' };
    test.upstream.script(
      replays(
        OPENAI_STREAM_TYPE,
        sse(deltaChunk(delta)) + sse(deltaChunk({ content: '!' })) + sse(finishChunk()),
      ),
    );
    const events = await eventsOf(await test.open());
    expect(
      events.map(({ parts, native }) => [parts.map(({ type }) => type), native?.dialect]),
    ).toEqual([
      [['start', 'reasoning-delta', 'text-delta'], 'chat-completions'],
      [['text-delta'], 'chat-completions'],
      [[], 'chat-completions'],
      [['end'], undefined],
    ]);
  });

  it.each([
    ['right away', ''],
    ['after the role', sse(roleChunk())],
  ])('takes a body that ends %s for a cut', async (_, body) => {
    test.upstream.script(replays(OPENAI_STREAM_TYPE, body));
    expect((await failure(test.stream())).fault).toBe('upstream_cut');
  });

  it('counts lines that are no SSE at all', async () => {
    const noise = '<html>\n\nBad gateway\n\n';
    const body = sse(contentChunk('Hel')) + noise + sse(contentChunk('lo')) + sse(finishChunk());
    test.upstream.script(replays(OPENAI_STREAM_TYPE, body));
    expect(textOf(await test.stream())).toBe('Hello');
    expect(test.told.malformedEvent).toBe(2);
  });

  it('asks for no usage of a server that does not know stream_options', async () => {
    const baseUrl = test.upstream.openaiUrl;
    const backend = createOpenAiBackend(settingsOf({ id: 'old', baseUrl, streamUsage: false }));
    test.upstream.script(openAi.streamsText(['Hi']));
    const parts = await all(await backend.open(asked, TARGET, contextOf()));
    expect(test.upstream.requests[0]!.body).not.toHaveProperty('stream_options');
    expect(parts.at(-1)).toMatchObject({ type: 'end', usage: undefined });
    await backend.close();
  });

  it("tells the upstream's own id of the request", async () => {
    test.upstream.script(openAi.streamsText(['Hi'], { headers: { 'x-request-id': 'req_7' } }));
    expect((await test.stream())[0]).toMatchObject({
      type: 'start',
      id: 'chatcmpl-1',
      model: 'gpt-test',
      requestId: 'req_7',
    });
  });

  it('carries the JSON of a whole answer', async () => {
    test.upstream.script(openAi.answersText('Hi', { fields: { system_fingerprint: 'fp_1' } }));
    const { native } = await test.complete();
    expect(native?.event).toMatchObject({ object: 'chat.completion', system_fingerprint: 'fp_1' });
  });

  it.each([
    [
      'a refusal of the filter',
      { error: { message: 'Flagged.', code: 'content_filter' } },
      'content_filtered',
    ],
    ['an exceeded rate', { error: { message: 'Slow down.', code: 429 } }, 'rate_limited'],
    ['half of an answer', '{"choices":[{"message":{"content":"Hel', 'upstream_cut'],
  ])('reads JSON that calls itself an event stream: %s', async (_, body, fault) => {
    const bytes = typeof body === 'string' ? body : JSON.stringify(body);
    test.upstream.script(replays(OPENAI_STREAM_TYPE, bytes));
    expect((await failure(test.stream())).fault).toBe(fault);
    expect((await failure(test.complete())).fault).toBe(fault);
  });

  it('reads a whole answer that calls itself an event stream', async () => {
    test.upstream.script(replays(OPENAI_STREAM_TYPE, JSON.stringify(completion('Hello'))));
    expect(textOf(await test.stream())).toBe('Hello');
    expect((await test.complete()).text).toBe('Hello');
  });

  it('does not take a reset for the end of a body that has neither a length nor chunks', async () => {
    const read = Promise.withResolvers<void>();
    test.upstream.script(async (exchange) => {
      const head = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n`;
      const last = deltaChunk({ content: 'Hel' }, {}, { finish_reason: 'stop' });
      await exchange.writeRaw(head + sse(last));
      await read.promise;
      exchange.reset();
    });
    const reader = new PartReader(await test.open());
    await reader.untilText('Hel');
    read.resolve();
    expect((await failure(reader.rest())).fault).toBe('upstream_cut');
  });

  it('takes [DONE] without a finish reason for a cut', async () => {
    const body = sse(roleChunk()) + sse(contentChunk('Hel')) + sse('[DONE]');
    test.upstream.script(replays(OPENAI_STREAM_TYPE, body));
    expect((await failure(test.stream())).fault).toBe('upstream_cut');
  });
});

function eventsIn(bytes: Uint8Array): unknown[] {
  const events: unknown[] = [];
  const parser = createParser({
    onEvent: ({ data }) => data !== '[DONE]' && events.push(withoutReasonBesideContent(data)),
  });
  parser.feed(new TextDecoder().decode(bytes));
  return events;
}

/** It may not be the last word: the end of the stream has it. */
function withoutReasonBesideContent(data: string): unknown {
  return JSON.parse(data, (_, value: unknown) => {
    if (!isJsonObject(value) || !isJsonObject(value['delta'])) return value;
    return value['delta']['content'] ? { ...value, finish_reason: null } : value;
  });
}
