import { describe, expect, it } from 'vitest';
import { createOpenAiBackend } from '../../src/backends/openai/openai.backend.js';
import { readResponsesStream } from '../../src/backends/openai/responses/responses-stream.js';
import type { ChatBackend, Target } from '../../src/contract/chat-backend.js';
import type { ChatRequest } from '../../src/contract/chat-request.js';
import type { JsonObject } from '../../src/contract/json.js';
import { contextOf } from '../support/attempt-context.js';
import { failure } from '../support/failure.js';
import { openAi, openAiError } from '../support/openai-script.js';
import {
  messageOf,
  responseOf,
  responsesApi,
  responsesEvent,
  RESPONSES_STREAM_TYPE,
  textDelta,
} from '../support/responses-script.js';
import { answers, replays } from '../support/upstream-scripts.js';
import { settingsOf } from '../support/upstream-settings.js';
import type { BackendKind } from './backend-kind.js';
import { all, BackendUnderTest, eventsOf, REQUEST, TARGET } from './backend-under-test.js';
import { describeChatBackend } from './chat-backend.contract.js';
import { fixturesOf } from './fixtures.js';

const BODY = { model: 'public', input: 'Say hello.', stream: true };
const OWN: ChatRequest = { ...REQUEST, native: { dialect: 'responses', body: BODY } };

const own = (request: ChatRequest): ChatRequest => ({ native: OWN.native, ...request });

/** The suite knows no dialects of callers: here all of them speak Responses. */
function speakingResponses(backend: ChatBackend): ChatBackend {
  return {
    id: backend.id,
    fit: (request, target) => backend.fit(own(request), target),
    open: (request, ...rest) => backend.open(own(request), ...rest),
    complete: (request, ...rest) => backend.complete(own(request), ...rest),
    close: () => backend.close(),
  };
}

const callOf = (args: unknown) => ({
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'sum',
  arguments: args,
});

const kind: BackendKind = {
  name: 'OpenAI Responses',
  create: (settings) => speakingResponses(createOpenAiBackend({ ...settings, responses: true })),
  baseUrlOf: (upstream) => upstream.openaiUrl,
  scripts: responsesApi,
  keyHeader: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  stopWord: 'completed',
  finishing: (finishReason) => ({ finishReason }),
  abortedWith: (text) =>
    responsesEvent(textDelta(text)) +
    responsesEvent({ type: 'response.cancelled', response: { status: 'cancelled' } }),
  streamsCounts: (input) =>
    responsesApi.streamsText(['Hi'], { counts: { input_tokens: input, output_tokens: 3 } }),
  streamType: RESPONSES_STREAM_TYPE,
  // Its status is one of few, and an answer that is continued is asked for in Chat Completions.
  lacks: ['finish words', 'prefill'],
  event: (json) => `data: ${json}\n\n`,
  answersWith: [
    (value) => ({ ...responseOf([messageOf('Hi')]), unknown: value }),
    (value) => responseOf([messageOf(value)]),
    (value) => responseOf([{ type: 'of_tomorrow', id: 'x', value }]),
    (value) => responseOf([callOf(value)]),
  ],
  eventsWith: [
    (value) => ({ ...textDelta('lo'), unknown: value }),
    (value) => textDelta(value),
    (value) => ({ type: 'response.of_tomorrow', value }),
    (value) => ({
      type: 'response.output_item.done',
      output_index: 1,
      item: callOf(value),
    }),
  ],
  textEvent: (text) => responsesEvent(textDelta(text)),
  finishEvent: responsesEvent({
    type: 'response.completed',
    response: responseOf([messageOf('Hello')]),
  }),
  brokenEvent: 'event: response.output_text.delta\ndata: {"type":"response.output_text.del\n\n',
  noise: 'data: ping\n\n',
  meaningless:
    ': a comment\n\n\n\ndata:\n\nevent: keepalive\ndata: {"type":"keepalive","sequence_number":9}\n\ndata: 42\n\nevent: keepalive\n\n',
  errorBody: (message, details) => openAiError(message, details),
  hasErrorCodes: true,
  inBandErrors: [
    ['a server error', { code: 'server_error', message: 'sk-secret-123' }, 'upstream_unavailable'],
    ['an exceeded rate', { code: 'rate_limit_exceeded', message: 'Slow.' }, 'rate_limited'],
    [
      'an exhausted quota',
      { code: 'insufficient_quota', message: 'You exceeded your current quota.' },
      'quota_exhausted',
    ],
    [
      'a prompt that is too long',
      { code: 'context_length_exceeded', message: 'Your input exceeds the context window.' },
      'context_too_long',
    ],
  ],
  fixtures: { folder: 'responses', extension: 'sse' },
  readStream: readResponsesStream,
};

describeChatBackend(kind);

const ended = (status: string, reason?: string) => ({
  ...responseOf([messageOf('Hi')]),
  status,
  incomplete_details: reason === undefined ? null : { reason },
});

const reasoning = (encrypted_content?: string) => ({
  type: 'reasoning',
  id: 'rs_1',
  summary: [],
  ...(encrypted_content !== undefined && { encrypted_content }),
});

const streamEnding = (type: string, response: object) =>
  replays(
    RESPONSES_STREAM_TYPE,
    [{ type: 'response.created', response: { id: 'resp_1' } }, textDelta('Hi'), { type, response }]
      .map((event) => responsesEvent({ ...event }))
      .join(''),
  );

describe('the OpenAI Responses backend, beside what all have in common,', () => {
  const test = new BackendUnderTest(kind);

  async function sent(body: object, request: object = {}, target: Target = TARGET) {
    test.upstream.script(responsesApi.streamsText(['Hi']));
    const native = { dialect: 'responses' as const, body: { ...BODY, ...body } };
    await all(await test.backend.open({ ...OWN, ...request, native }, target, contextOf()));
    return test.upstream.requests.at(-1)!;
  }

  it('sends the caller’s own body, to a model of its target, to be stored nowhere', async () => {
    const { path, body } = await sent({
      store: true,
      tools: [{ type: 'web_search' }],
      x_new: { y: 1 },
    });
    expect(path).toBe('/v1/responses');
    expect(body).toEqual({
      model: 'asked-model',
      input: 'Say hello.',
      stream: true,
      store: false,
      tools: [{ type: 'web_search' }],
      x_new: { y: 1 },
    });
  });

  it('drops, renames and sets what its target wants', async () => {
    const target = {
      ...TARGET,
      drop: ['truncation'],
      rename: { max_output_tokens: 'max_tokens' },
      set: { service_tier: 'flex', store: true },
    };
    const body = { truncation: 'auto', max_output_tokens: 9, service_tier: 'auto' };
    expect((await sent(body, {}, target)).body).toEqual({
      model: 'asked-model',
      input: 'Say hello.',
      stream: true,
      // The operator's to say.
      store: true,
      max_tokens: 9,
      service_tier: 'flex',
    });
  });

  it('keeps the bounds of a key, whatever the body says', async () => {
    const bound = { isOutputBound: true, isBoundToModel: true, sampling: { maxTokens: 64 } };
    for (const said of [
      {},
      { max_output_tokens: 9000 },
      { max_output_tokens: -1, models: ['x'] },
    ]) {
      const { body } = await sent(said, bound);
      expect(body['max_output_tokens']).toBe(64);
      expect(body).not.toHaveProperty('models');
    }
    expect((await sent({ max_output_tokens: 5 }, bound)).body['max_output_tokens']).toBe(5);
    const target = { ...TARGET, drop: ['max_output_tokens'] };
    expect(test.backend.fit({ ...OWN, ...bound }, target).unsupported).toMatchObject({
      param: 'max_output_tokens',
    });
  });

  it('sends no reasoning but what OpenAI sealed', async () => {
    const user = { role: 'user', content: 'Hi' };
    const input = [user, reasoning('gAAA'), reasoning('sluice.e30'), reasoning(), reasoning('')];
    expect((await sent({ input })).body['input']).toEqual([user, reasoning('gAAA')]);
  });

  it('asks for everybody else’s answers over Chat Completions', async () => {
    const backend = createOpenAiBackend({
      ...settingsOf({ id: 'x', baseUrl: test.upstream.openaiUrl }),
      responses: true,
    });
    test.upstream.script(openAi.streamsText(['Hi']));
    await all(await backend.open(REQUEST, TARGET, contextOf()));
    // So is an answer that is taken up: Responses has no place for its beginning.
    await all(await backend.open({ ...OWN, prefill: 'Hel' }, TARGET, contextOf()));
    await backend.close();
    expect(test.upstream.requests.map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/chat/completions',
    ]);
  });

  it.each([
    ['response.completed', ended('completed'), 'stop'],
    ['response.incomplete', ended('incomplete', 'max_output_tokens'), 'length'],
    ['response.incomplete', ended('incomplete', 'content_filter'), 'content_filter'],
    ['response.incomplete', ended('incomplete', 'of_tomorrow'), 'length'],
    // Its status says what it is, not the event that brought it.
    ['response.completed', ended('incomplete', 'max_output_tokens'), 'length'],
    ['response.incomplete', ended('completed'), 'length'],
  ])('ends by %s with %j as %s', async (type, response, reason) => {
    test.upstream.script(streamEnding(type, response));
    expect((await test.stream()).at(-1)).toMatchObject({ type: 'end', reason });
  });

  it.each([
    ['response.completed', ended('failed'), 'upstream_unavailable'],
    ['response.completed', ended('in_progress'), 'upstream_cut'],
    ['response.completed', ended('cancelled'), 'upstream_cut'],
    ['response.cancelled', ended('cancelled'), 'upstream_cut'],
    ['response.incomplete', ended('incomplete', 'network_error'), 'upstream_cut'],
    [
      'response.failed',
      { ...ended('failed'), error: { code: 'insufficient_quota', message: 'No money.' } },
      'quota_exhausted',
    ],
  ])('takes %s with %j for no answer', async (type, response, fault) => {
    test.upstream.script(streamEnding(type, response));
    expect(await failure(test.stream())).toMatchObject({ fault });
  });

  it('takes a whole answer that is not over, or that failed, for none', async () => {
    for (const status of ['in_progress', 'queued', 'cancelled', 'failed']) {
      test.upstream.script(answers({ ...responseOf([messageOf('Hi')]), status }));
      const { fault } = await failure(test.complete());
      expect(fault).toBe(status === 'failed' ? 'upstream_unavailable' : 'upstream_cut');
    }
  });

  const REGULAR = fixturesOf(kind).filter(({ name }) => name === 'reasoning-text-tools');
  it.each(REGULAR.map(({ name, bytes }) => [name, bytes] as const))(
    'carries every event of the fixture %s but keepalives, in order and unchanged',
    async (_, bytes) => {
      test.upstream.script(replays(RESPONSES_STREAM_TYPE, bytes));
      const events = await eventsOf(await test.open());
      const passed = events.flatMap(({ native }) => native?.event ?? []);
      const sentEvents = [...bytes.toString('utf8').matchAll(/^data: (.*)$/gm)]
        .map(([, data]) => JSON.parse(data!) as JsonObject)
        .filter(({ type }) => type !== 'keepalive');
      expect(passed).toEqual(sentEvents);
    },
  );

  it('passes no event on of a server whose events strict clients would not take', async () => {
    for (const { name, bytes } of fixturesOf(kind)) {
      test.upstream.script(replays(RESPONSES_STREAM_TYPE, bytes));
      const natives = (await eventsOf(await test.open())).flatMap(({ native }) => native ?? []);
      expect([name, natives.length > 0]).toEqual([name, name === 'reasoning-text-tools']);
    }
  });
});
