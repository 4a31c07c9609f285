import OpenAI, { APIError } from 'openai';
import { describe, it as base } from 'vitest';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
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

const messages = [{ role: 'user' as const, content: 'Hi' }];
const WAIT_SHORT = { 'retry-after-ms': '5' };

/** What the client throws. */
interface Thrown {
  readonly error: string;
  readonly status: number | undefined;
  readonly code: string | null;
  readonly type: string;
}
const thrown = (error: string, status: number | undefined, type: string) => (code: string | null) =>
  ({ error, status, code, type }) satisfies Thrown;
const refused = thrown('BadRequestError', 400, 'invalid_request_error');
const limited = thrown('RateLimitError', 429, 'requests');
const noQuota = thrown('RateLimitError', 429, 'insufficient_quota');
const failed = (status: number) => thrown('InternalServerError', status, 'server_error');
/** The status was sent before: the stream itself says it. */
const broken = thrown('APIError', undefined, 'server_error');

function says(status: number, code: string | null = null, headers = {}): UpstreamScript {
  return failsWith(status, openAiError('no', { code }), headers);
}

/**
 * The client retries a request at most twice, unless it is told that this is in vain: what we do not
 * retry ourselves, or have retried. The numbers are what reaches the upstream in all: without
 * retries of ours, and with one at most, as by default. A limit of rate is waited out by clients,
 * and a second one that names no time keeps us from retrying.
 */
const ONE_TARGET: readonly (readonly [string, UpstreamScript, Thrown, number, number])[] = [
  ['a mistake of the caller', says(400), refused(null), 1, 1],
  [
    'a prompt too long',
    says(400, 'context_length_exceeded'),
    refused('context_length_exceeded'),
    1,
    1,
  ],
  ['our key refused', says(401), failed(502)('upstream_credentials'), 1, 1],
  ['the model missing', says(404), failed(502)('upstream_model_missing'), 1, 1],
  ['no quota', says(429, 'insufficient_quota'), noQuota('insufficient_quota'), 1, 1],
  ['no credit', says(402), noQuota('insufficient_quota'), 1, 1],
  ['a rate limit', says(429), limited('rate_limit_exceeded'), 3, 4],
  ['a rate limit of 5 ms', says(429, null, WAIT_SHORT), limited('rate_limit_exceeded'), 3, 6],
  [
    'a rate limit of 2 min',
    says(429, null, { 'retry-after': '120' }),
    limited('rate_limit_exceeded'),
    1,
    1,
  ],
  ['a bug', says(500), failed(502)('upstream_unavailable'), 3, 2],
  ['an outage of 5 ms', says(503, null, WAIT_SHORT), failed(502)('upstream_unavailable'), 3, 2],
  ['a reset connection', resetsBeforeHeaders(), failed(502)('upstream_unavailable'), 3, 2],
  ['a closed connection', cutsBeforeHeaders(), failed(502)('upstream_unavailable'), 3, 2],
  ['a web page', replays('text/html', '<h1>Hi</h1>'), failed(502)('upstream_protocol'), 1, 1],
  ['an end before content', openAi.streamsTextThenEnds([]), failed(502)('upstream_cut'), 3, 2],
  ['silence for firstTokenMs', stallsBeforeHeaders(), failed(504)('first_token_timeout'), 1, 1],
];

const IN_THE_MIDDLE: readonly (readonly [string, UpstreamScript, Thrown])[] = [
  ['ends', openAi.streamsTextThenEnds(['Hel']), broken('upstream_cut')],
  ['closes', openAi.streamsTextThenCuts(['Hel']), broken('upstream_cut')],
  ['says that it failed', openAi.inBandError('x', ['Hel']), broken('upstream_unavailable')],
  ['falls silent for idleMs', openAi.stallsAfter(['Hel']), broken('idle_timeout')],
];

/** Every case has a gateway and a client of its own: most of their time they wait for a retry. */
const it = base.extend<{ start: (settings?: GatewaySettings) => Promise<[Gateway, OpenAI]> }>({
  start: async ({ task: _ }, use) => {
    const gateways: Gateway[] = [];
    await use(async (settings) => {
      const gateway = await Gateway.start(settings);
      gateways.push(gateway);
      return [gateway, new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x' })];
    });
    await Promise.all(gateways.map((gateway) => gateway.close()));
  },
});

describe.concurrent('the official OpenAI client at its default settings', () => {
  for (const [what, script, expected, once, retried] of ONE_TARGET) {
    for (const [limit, requests] of [once, retried].entries()) {
      it(`throws ${expected.error} for ${what}, which costs the upstream ${requests} request(s) at retry.limit ${limit}`, async ({
        start,
        expect,
      }) => {
        const [gateway, client] = await start({ ...patienceFor(expected), retry: { limit } });
        gateway.openai.script(script);
        const { text, ...error } = await outcomeOf(client, 'gpt-only');
        expect({ ...error, requests: gateway.openai.requests.length }).toEqual({
          ...expected,
          requests,
        });
        expect(text).toBe('');
      });
    }
  }

  for (const [what, script, expected] of IN_THE_MIDDLE) {
    it(`throws, and asks nobody again, when the upstream ${what} in the middle`, async ({
      start,
      expect,
    }) => {
      const [gateway, client] = await start(patienceFor(expected));
      gateway.openai.script(script);
      const outcome = await outcomeOf(client, 'gpt-4o');
      expect(outcome).toEqual({ ...expected, text: 'Hel' });
      expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 0]);
    });
  }

  it('throws after one request when the time for all of it is up', async ({ start, expect }) => {
    const [gateway, client] = await start({ streams: { totalMs: 300 } });
    gateway.openai.script(stallsBeforeHeaders());
    const { status, code } = await outcomeOf(client, 'gpt-4o');
    expect([status, code]).toEqual([504, 'total_timeout']);
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 0]);
  });

  it('costs a target three requests when none can answer for now, unless it wants to be left alone', async ({
    start,
    expect,
  }) => {
    const [gateway, client] = await start();
    gateway.openai.script(says(429, null, { 'retry-after': '9' }));
    gateway.ollama.script(failsWith(503, { error: 'busy' }, WAIT_SHORT));
    const { status, code } = await outcomeOf(client, 'gpt-4o');
    expect([status, code]).toEqual([502, 'upstream_unavailable']);
    // Until the Retry-After of its 429 nobody asks the first one again.
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 3]);
  });

  it('costs every target one request when all are down, and is told that another try is in vain', async ({
    start,
    expect,
  }) => {
    const [gateway, client] = await start();
    gateway.openai.script(says(500));
    gateway.ollama.script(failsWith(500, { error: 'busy' }));
    const { status, code } = await outcomeOf(client, 'gpt-4o');
    expect([status, code]).toEqual([502, 'upstream_unavailable']);
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 1]);
  });

  it('costs every target one request when no retry can help', async ({ start, expect }) => {
    const [gateway, client] = await start();
    gateway.openai.script(says(429, 'insufficient_quota'));
    gateway.ollama.script(failsWith(404, { error: 'model not found' }));
    const { status, code } = await outcomeOf(client, 'gpt-4o');
    expect([status, code]).toEqual([502, 'upstream_model_missing']);
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 1]);
  });

  it('notices nothing when the second target answers', async ({ start, expect }) => {
    const [gateway, client] = await start();
    gateway.openai.script(says(429, 'insufficient_quota'));
    gateway.ollama.script(ollama.streamsText(['Hel', 'lo']));
    const outcome = await outcomeOf(client, 'gpt-4o');
    expect(outcome).toEqual({ text: 'Hello' });
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 1]);
  });

  it('throws for heartbeats that end in a failure, and asks nobody again', async ({
    start,
    expect,
  }) => {
    const [gateway, client] = await start({
      streams: { commitAfterMs: 10, heartbeatMs: 10, firstTokenMs: 200 },
    });
    gateway.openai.script(stallsBeforeHeaders());
    const outcome = await outcomeOf(client, 'gpt-only');
    expect(outcome).toEqual({ ...broken('first_token_timeout'), text: '' });
    expect(gateway.openai.requests).toHaveLength(1);
  });
});

/** Deadlines that pass only where one is to pass. */
function patienceFor({ code }: Thrown): GatewaySettings {
  if (code === 'first_token_timeout') return { streams: { firstTokenMs: 200 } };
  return code === 'idle_timeout' ? { streams: { idleMs: 50 } } : {};
}

/** The text that the client gave out, and what it threw, if it did. */
async function outcomeOf(
  client: OpenAI,
  model: string,
): Promise<Partial<Thrown> & { text: string }> {
  let text = '';
  try {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
    return { text };
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    const { status, code = null, type } = error as APIError;
    return { error: error.constructor.name, status, code, type: type ?? '', text };
  }
}
