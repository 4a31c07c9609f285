import { afterEach, describe, expect, it } from 'vitest';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { openAiError } from '../support/openai-script.js';
import { ROUTE_FORMS, UPSTREAM_KINDS } from '../support/route-forms.js';
import { failsWith, replays, stallsBeforeHeaders } from '../support/upstream-scripts.js';

let gateway: Gateway;
afterEach(() => gateway.close());

async function start(settings: GatewaySettings = {}): Promise<void> {
  gateway = await Gateway.start(settings);
  gateway.ollama.script(UPSTREAM_KINDS[1]!.says('Olla'));
}

describe('A limit of rate that names no time', () => {
  it.each(ROUTE_FORMS)(
    'keeps requests away from its target for a while once it repeats ($form)',
    async (route) => {
      await start({ retry: { limit: 1, baseDelayMs: 0 } });
      gateway.openai.script(
        failsWith(429, openAiError('Resource exhausted', { code: 'rate_limit_exceeded' })),
      );
      for (let n = 0; n < 15; n += 1) {
        expect(await route.ask(gateway, 'gpt-4o')).toMatchObject({ text: 'Olla', isWhole: true });
      }
      expect(gateway.openai.requests.length).toBeLessThanOrEqual(3);
      expect(await gateway.metric('llm_breaker_open')).toBe(0);
    },
  );
});

describe('A wait that an upstream says in its own way', () => {
  it.each<[string, unknown, Record<string, string>, string]>([
    [
      'in a RetryInfo',
      [
        {
          error: {
            code: 429,
            status: 'RESOURCE_EXHAUSTED',
            message: 'x',
            details: [{ retryDelay: '27s' }],
          },
        },
      ],
      {},
      '27',
    ],
    ['in a sentence', openAiError('Rate limit reached. Please try again in 7.66s.'), {}, '8'],
    ['as a duration', openAiError('x'), { 'retry-after': '1m30s' }, '90'],
    [
      'as a reset',
      openAiError('x', { type: 'tokens' }),
      { 'x-ratelimit-reset-tokens': '6m0s', 'x-ratelimit-reset-requests': '1s' },
      '360',
    ],
    [
      'as a moment',
      openAiError('x'),
      { 'x-ratelimit-reset': String(Date.now() + 3_600_000) },
      '3600',
    ],
  ])('comes back to the caller: %s', async (_, body, headers, seconds) => {
    await start();
    gateway.openai.script(failsWith(429, body, headers));
    const response = await gateway.complete({ model: 'gpt-only' });
    expect(response.status).toBe(429);
    const given = Number(response.headers.get('retry-after'));
    expect(Math.abs(given - Number(seconds))).toBeLessThanOrEqual(seconds === '3600' ? 60 : 0);
    expect(response.headers.get('x-should-retry')).toBe(String(given <= 60));
    expect(gateway.openai.requests).toHaveLength(1);
  });
});

describe('A client’s own retry', () => {
  const down = failsWith(500, openAiError('boom'));

  it.each([
    ['is in vain where ours were', { limit: 1, baseDelayMs: 0 }, 'gpt-only', 'false'],
    ['is in vain where every target was asked', { limit: 0 }, 'gpt-4o', 'false'],
    ['is the first one where we do not retry', { limit: 0 }, 'gpt-only', null],
  ])('%s', async (_, retry, model, shouldRetry) => {
    await start({ retry });
    gateway.openai.script(down);
    gateway.ollama.script(down);
    for (const stream of [true, false]) {
      const response = await gateway.complete({ model, stream });
      expect(response.status).toBe(502);
      expect(response.headers.get('x-should-retry')).toBe(shouldRetry);
      await response.text();
    }
  });

  it('waits as long as the upstream wants, where we did not', async () => {
    await start({ retry: { limit: 1 } });
    gateway.openai.script(failsWith(503, openAiError('boom'), { 'retry-after': '9' }));
    const { headers } = await gateway.complete({ model: 'gpt-only' });
    expect([headers.get('retry-after'), headers.get('x-should-retry')]).toEqual(['9', null]);
  });

  it('may help where a target had only no room', async () => {
    await start({
      retry: { limit: 1, baseDelayMs: 0 },
      room: { ollama: 1 },
      limits: { queue: { maxWaitMs: 100 } },
    });
    gateway.openai.script(down);
    gateway.ollama.script(stallsBeforeHeaders());
    const caller = new AbortController();
    const busy = gateway.complete({ model: 'llama3' }, {}, caller.signal).catch(() => undefined);
    await gateway.ollama.request(0);
    const response = await gateway.complete({ model: 'gpt-4o' });
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([502, null]);
    caller.abort();
    await busy;
  });

  it('is in vain after silence, and after another protocol', async () => {
    await start({ streams: { firstTokenMs: 50, answerMs: 50 } });
    for (const script of [stallsBeforeHeaders(), replays('text/html', '<h1>Hi</h1>')]) {
      gateway.openai.script(script);
      for (const stream of [true, false]) {
        const { headers } = await gateway.complete({ model: 'gpt-only', stream });
        expect(headers.get('x-should-retry')).toBe('false');
      }
    }
  });

  it('is told of to a person all the same: later it may help', async () => {
    await start({ retry: { limit: 1, baseDelayMs: 0 } });
    gateway.openai.script(down);
    const { error } = await ROUTE_FORMS[1]!.ask(gateway, 'gpt-only');
    expect(error).toMatchObject({ code: 'upstream_unavailable', retryable: true });
  });
});
