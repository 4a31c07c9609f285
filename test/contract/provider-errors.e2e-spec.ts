import { describe, expect, it } from 'vitest';
import { createAnthropicBackend } from '../../src/backends/anthropic/anthropic.backend.js';
import { createOllamaBackend } from '../../src/backends/ollama/ollama.backend.js';
import { createOpenAiBackend } from '../../src/backends/openai/openai.backend.js';
import { FAULTS } from '../../src/contract/faults.js';
import type { UpstreamSettings } from '../../src/backends/shared/connection/upstream-settings.js';
import { failure } from '../support/failure.js';
import type { ScriptedUpstream } from '../support/scripted-upstream.js';
import { OLLAMA_STREAM_TYPE } from '../support/ollama-script.js';
import { contentChunk, OPENAI_STREAM_TYPE, sse } from '../support/openai-script.js';
import { answers, failsWith, replays } from '../support/upstream-scripts.js';
import { all, BackendUnderTest } from './backend-under-test.js';
import { PROVIDER_ERRORS, type ProviderError } from './provider-errors.js';
import { TOO_LONG } from './too-long-sentences.js';

const ERRORS: readonly ProviderError[] = [
  ...PROVIDER_ERRORS,
  ...TOO_LONG.map(([provider, status, body]): ProviderError => ({
    provider,
    status,
    body,
    fault: 'context_too_long',
  })),
];
const named = (errors: readonly ProviderError[]) =>
  errors.map((error) => [error.fault, error.provider, wordsOf(error), error] as const);

function wordsOf({ status, body }: ProviderError): string {
  return `${status} ${typeof body === 'string' ? body : JSON.stringify(body)}`.slice(0, 150);
}

/** What a caller may not see of it: it is the operator's. */
const ACCOUNT = /\borg[-_][a-z0-9]{6}/;

/** A 200 has no status: errors of servers that use it say theirs in the body, or by a word. */
const IN_BAND = ERRORS.filter(
  ({ body, breakerEffect, byStatus }) =>
    typeof body === 'object' && breakerEffect !== 'suspect' && !byStatus,
).filter(({ body }) => /"(?:code|type|status)":/.test(JSON.stringify(body)));

describe.each([
  [
    'OpenAI',
    (settings: UpstreamSettings) => createOpenAiBackend(settings),
    ({ openaiUrl }: ScriptedUpstream) => openaiUrl,
  ],
  [
    'Ollama',
    (settings: UpstreamSettings) => createOllamaBackend(settings),
    ({ url }: ScriptedUpstream) => url,
  ],
  [
    'Anthropic',
    (settings: UpstreamSettings) => createAnthropicBackend(settings),
    ({ openaiUrl }: ScriptedUpstream) => openaiUrl,
  ],
] as const)('the %s backend', (_, create, baseUrlOf) => {
  const test = new BackendUnderTest({ create, baseUrlOf });

  it.each(named(ERRORS))(
    'takes for %s what %s says: %s',
    async (fault, _provider, _words, error) => {
      test.upstream.script(failsWith(error.status, error.body));
      for (const thrown of [await failure(test.open()), await failure(test.complete())]) {
        const { breakerEffect = FAULTS[fault].breaker } = error;
        expect([thrown.fault, thrown.breakerEffect]).toEqual([fault, breakerEffect]);
        expect(thrown.message).not.toMatch(ACCOUNT);
        expect(thrown.message).not.toMatch(/<html|input"|undefined/);
        expect(thrown.upstream.status).toBe(error.status);
      }
    },
  );
});

describe('the OpenAI backend', () => {
  const test = new BackendUnderTest({
    create: (settings) => createOpenAiBackend(settings),
    baseUrlOf: (upstream) => upstream.openaiUrl,
  });

  it.each(named(IN_BAND))(
    'takes for %s what %s says in a 200 to a streamed and to a plain request: %s',
    async (fault, _provider, _words, { body }) => {
      test.upstream.script(answers(body));
      expect((await failure(test.open())).fault).toBe(fault);
      expect((await failure(test.complete())).fault).toBe(fault);
    },
  );

  it.each(named(IN_BAND))(
    'takes for %s what %s says as the first event of a stream, and behind content: %s',
    async (fault, _provider, _words, { body }) => {
      const done = sse('[DONE]');
      test.upstream.script(
        replays(OPENAI_STREAM_TYPE, sse(body) + done),
        replays(OPENAI_STREAM_TYPE, sse(contentChunk('Hel')) + sse(body) + done),
        replays(OPENAI_STREAM_TYPE, `event: error\n${sse(body)}${done}`),
      );
      for (let n = 0; n < 3; n += 1) {
        expect((await failure(test.stream())).fault).toBe(fault);
      }
    },
  );

  it.each([
    ['a field of its own, as llama.cpp had', 'error: {"code":500,"message":"boom"}\n\n'],
    ['the name of the event alone', 'event: error\ndata: {"message":"died","code":"internal"}\n\n'],
    ['a sentence in such an event', 'event: error\ndata: upstream died\n\n'],
    ['the old form of vLLM', sse({ object: 'error', message: 'boom', code: 500 })],
    ['a sentence, as TGI does', sse({ error: 'CUDA out of memory', error_type: 'generation' })],
    ['a list of errors', sse({ errors: [{ message: 'boom' }] })],
  ])('takes an error that is said by %s for one, behind content', async (_, bytes) => {
    const body = sse(contentChunk('Hel')) + bytes + sse('[DONE]');
    test.upstream.script(replays(OPENAI_STREAM_TYPE, body));
    expect((await failure(test.stream())).fault).toBe('upstream_unavailable');
  });

  it.each([['""'], ['{}'], ['[]'], ['false'], ['null']])(
    'takes %s in the place of an error for none',
    async (none) => {
      const event = JSON.stringify(contentChunk('Hello')).replace('{', `{"error":${none},`);
      const finish = sse({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
      test.upstream.script(replays(OPENAI_STREAM_TYPE, sse(event) + finish + sse('[DONE]')));
      expect((await test.stream()).at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
    },
  );

  it.each([
    ['a queue', { status: 'processing', message: 'You are third.' }],
    ['what went well', { code: 200, msg: 'success' }],
    ['MiniMax, to which all is well', { base_resp: { status_code: 0, status_msg: '' } }],
  ])('takes an event of %s for none', async (_, event) => {
    const finish = sse({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    test.upstream.script(
      replays(OPENAI_STREAM_TYPE, sse(event) + sse(contentChunk('Hello')) + finish + sse('[DONE]')),
    );
    expect((await test.stream()).at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
  });

  it('gives the caller the words that a provider of OpenRouter said, and the field that FastAPI means', async () => {
    const raw = '{"error":{"message":"temperature must be at most 1"}}';
    test.upstream.script(
      failsWith(400, { error: { message: 'Provider returned error', metadata: { raw } } }),
      failsWith(422, { detail: [{ loc: ['body', 'seed'], msg: 'is no integer', input: 'x' }] }),
    );
    expect((await failure(test.open())).message).toBe('temperature must be at most 1');
    expect(await failure(test.open())).toMatchObject({
      message: '`seed`: is no integer',
      param: 'seed',
    });
  });
});

describe('the Ollama backend', () => {
  const test = new BackendUnderTest({
    create: (settings) => createOllamaBackend(settings),
    baseUrlOf: (upstream) => upstream.url,
  });

  it.each([
    ['unsupported_feature', '"llama3" does not support tools'],
    ['context_too_long', 'the input length exceeds the context length'],
    ['quota_exhausted', "you've reached your weekly usage limit"],
    ['upstream_unavailable', 'llama runner process has terminated: exit status 2'],
  ] as const)('takes for %s the line %s', async (fault, error) => {
    test.upstream.script(replays(OLLAMA_STREAM_TYPE, `${JSON.stringify({ error })}\n`));
    expect((await failure(all(await test.open()))).fault).toBe(fault);
  });
});
