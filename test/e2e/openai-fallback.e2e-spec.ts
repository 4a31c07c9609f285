import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completionIn, readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import {
  cutsBeforeHeaders,
  failsWith,
  replays,
  resetsBeforeHeaders,
  stallsBeforeHeaders,
} from '../support/upstream-scripts.js';

type Failure = readonly [what: string, fault: string, script: UpstreamScript];
const says = (status: number, code: string | null = null) =>
  failsWith(status, openAiError('no', { code }));

const OPENAI_FAILURES: readonly Failure[] = [
  ['limits the rate', 'rate_limited', says(429, 'rate_limit_exceeded')],
  ['has no quota', 'quota_exhausted', says(429, 'insufficient_quota')],
  ['wants to be paid', 'quota_exhausted', says(402)],
  ['does not know our key', 'upstream_credentials', says(401, 'invalid_api_key')],
  ['forbids our key the model', 'upstream_credentials', says(403)],
  ['lacks the model', 'upstream_model_missing', says(404, 'model_not_found')],
  ['has too small a window', 'context_too_long', says(400, 'context_length_exceeded')],
  ['timed out itself', 'upstream_unavailable', says(408)],
  ['has a bug', 'upstream_unavailable', says(500)],
  ['is overloaded', 'upstream_unavailable', says(503)],
  ['redirects', 'upstream_protocol', failsWith(302, '', { location: '/elsewhere' })],
  ['resets the connection', 'upstream_unavailable', resetsBeforeHeaders()],
  ['closes the connection', 'upstream_unavailable', cutsBeforeHeaders()],
  ['answers with a web page', 'upstream_protocol', replays('text/html', '<h1>Welcome</h1>')],
  ['answers with nothing', 'upstream_cut', replays('text/event-stream', '')],
  ['only says [DONE]', 'upstream_cut', replays('text/event-stream', 'data: [DONE]\n\n')],
  ['sends broken JSON', 'upstream_cut', replays('text/event-stream', 'data: {"id":\n\n')],
  ['ends before content', 'upstream_cut', openAi.streamsTextThenEnds([''])],
  ['closes before content', 'upstream_cut', openAi.streamsTextThenCuts([''])],
  ['resets before content', 'upstream_cut', openAi.resetsAfter([''])],
  ['says in the stream that it failed', 'upstream_unavailable', openAi.inBandError('boom')],
  [
    'limits the rate in the stream',
    'rate_limited',
    openAi.inBandError({ message: 'slow down', code: 'rate_limit_exceeded' }),
  ],
];

const OLLAMA_FAILURES: readonly Failure[] = [
  ['did not pull the model', 'upstream_model_missing', failsWith(404, { error: 'not found' })],
  ['has a bug', 'upstream_unavailable', failsWith(500, { error: 'boom' })],
  ['is busy', 'upstream_unavailable', failsWith(503, { error: 'server busy' })],
  ['resets the connection', 'upstream_unavailable', resetsBeforeHeaders()],
  ['answers with nothing', 'upstream_cut', ollama.streamsTextThenEnds([])],
  ['ends before content', 'upstream_cut', ollama.streamsTextThenEnds([''])],
  ['sends broken JSON', 'upstream_cut', replays('application/x-ndjson', '{"message":\n')],
  ['says in the stream that it failed', 'upstream_unavailable', ollama.inBandError('boom')],
];

describe('a first target that fails before content', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({
      models: [
        { id: 'openai-first', targets: ['openai/gpt', 'ollama/llama3'] },
        { id: 'ollama-first', targets: ['ollama/llama3', 'openai/gpt'] },
        {
          id: 'hasty',
          targets: [
            { backend: 'openai', model: 'gpt', streams: { firstTokenMs: 200 } },
            'ollama/llama3',
          ],
        },
      ],
    });
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    gateway.ollama.script(ollama.streamsText(['Hel', 'lo']));
  });
  afterEach(() => gateway.close());

  async function expectAnswerOf(
    second: 'openai' | 'ollama',
    fault: string,
    response: Response,
  ): Promise<void> {
    expect(response.status).toBe(200);
    expect(response.headers.get('x-sluice-backend')).toBe(second);
    expect(response.headers.get('x-sluice-attempts')).toBe('2');
    const { text, error, done, ended } = await readCompletion(response);
    expect([text, error, done, ended]).toEqual(['Hello', undefined, true, 'clean']);
    const first = second === 'openai' ? 'ollama' : 'openai';
    expect(await gateway.ended()).toMatchObject({
      endReason: 'completed',
      attempts: [
        { target: expect.stringContaining(first), outcome: fault },
        { target: expect.stringContaining(second), outcome: 'ok' },
      ],
    });
  }

  it.each(OPENAI_FAILURES)('gives way when OpenAI %s (%s)', async (_, fault, script) => {
    gateway.openai.script(script);
    await expectAnswerOf('ollama', fault, await gateway.complete({ model: 'openai-first' }));
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 1]);
  });

  it.each(OLLAMA_FAILURES)('gives way when Ollama %s (%s)', async (_, fault, script) => {
    gateway.ollama.script(script);
    await expectAnswerOf('openai', fault, await gateway.complete({ model: 'ollama-first' }));
    expect([gateway.ollama.requests.length, gateway.openai.requests.length]).toEqual([1, 1]);
  });

  it('gives way when nobody listens there', async () => {
    await gateway.openai.close();
    const response = await gateway.complete({ model: 'openai-first' });
    await expectAnswerOf('ollama', 'upstream_unavailable', response);
    expect(gateway.ollama.requests).toHaveLength(1);
  });

  it.each([
    ['before its headers', stallsBeforeHeaders()],
    ['after its headers', openAi.stallsAfter([])],
    ['after its role chunk', openAi.stallsAfter([''])],
  ])('gives way, and is left, when it stays silent %s for firstTokenMs', async (_, script) => {
    gateway.openai.script(script);
    const response = await gateway.complete({ model: 'hasty' });
    await expectAnswerOf('ollama', 'first_token_timeout', response);
    await gateway.openai.left(0);
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 1]);
  });

  it('is not given another chance by pings: only content is content', async () => {
    const pings = 'data: {"choices":[]}\n\n: ping\n\n';
    gateway.openai.script(async (exchange) => {
      exchange.open('text/event-stream');
      for (;;) {
        await exchange.write(pings);
        // A write that the kernel takes at once would otherwise leave our event loop no turn.
        await nextTurn();
      }
    });
    const response = await gateway.complete({ model: 'hasty' });
    await expectAnswerOf('ollama', 'first_token_timeout', response);
    await gateway.openai.left(0);
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it('is not gone back to: what it said before it failed is in no answer', async () => {
    const role = '{"id":"chatcmpl-first","model":"m","choices":[{"delta":{"role":"assistant"}}]}';
    gateway.openai.script(replays('text/event-stream', `data: ${role}\n\n`));
    const text = await (await gateway.complete({ model: 'openai-first' })).text();
    expect(text).not.toContain('chatcmpl-first');
    expect((await completionIn(text)).text).toBe('Hello');
  });

  it('does not give way once it has content, however little', async () => {
    gateway.openai.script(openAi.inBandError('boom', ['H']));
    const { text, error } = await readCompletion(await gateway.complete({ model: 'openai-first' }));
    expect([text, error?.['code']]).toEqual(['H', 'upstream_unavailable']);
    expect(gateway.ollama.requests).toHaveLength(0);
  });
});
