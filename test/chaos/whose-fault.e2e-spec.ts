import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { openAiError } from '../support/openai-script.js';
import { EVERY_WAY, ROUTE_FORMS, UPSTREAM_KINDS } from '../support/route-forms.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { failsWith } from '../support/upstream-scripts.js';

let gateway: Gateway;
afterEach(() => gateway.close());

const good = UPSTREAM_KINDS[0]!.says('Hello');
/** Refuses requests that say so, and answers all others. */
const refusing =
  (status: number, body: unknown): UpstreamScript =>
  (exchange) =>
    (exchange.request.rawBody.includes('PECULIAR') ? failsWith(status, body) : good)(exchange);

async function start(settings: GatewaySettings = {}): Promise<void> {
  gateway = await Gateway.start(settings);
  gateway.ollama.script(UPSTREAM_KINDS[1]!.says('Olla'));
}

/** In open mode a lane is an address. */
async function ask(address: string, content = 'Hi', model = 'gpt-4o') {
  const outgoing = request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    localAddress: address,
    agent: false,
  });
  outgoing.end(JSON.stringify({ model, stream: true, messages: [{ role: 'user', content }] }));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of response) text += String(piece);
  return { status: response.statusCode, backend: response.headers['x-sluice-backend'], text };
}
const [ODD, OTHER, THIRD] = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;

/** Refusals that are about one request. */
const FOR_ONE: readonly (readonly [string, number, unknown])[] = [
  ['a model without tools', 404, openAiError('No endpoints found that support tool use.')],
  ['a model without images', 500, openAiError('image input is not supported - hint: mmproj')],
  ['a prompt too long', 400, openAiError('x', { code: 'context_length_exceeded' })],
  ['more than is left', 402, openAiError('requires more credits, or fewer max_tokens')],
  [
    'more than a minute takes',
    413,
    openAiError('Request too large on tokens per minute (TPM): Limit 12000, Requested 14137', {
      code: 'rate_limit_exceeded',
    }),
  ],
  ['nothing but a status', 403, openAiError('no')],
  ['nothing but a status', 404, { detail: 'Not Found' }],
  ['a wall', 403, '<html>Sorry, you have been blocked</html>'],
];

describe('What a target refuses one caller', () => {
  it.each(FOR_ONE)(
    'is answered by the next target, and takes it from nobody: %s (%i)',
    async (_, status, body) => {
      await start();
      gateway.openai.script(refusing(status, body));
      expect((await ask(OTHER)).backend).toBe('openai');
      for (let n = 0; n < 10; n += 1) {
        expect((await ask(ODD, 'PECULIAR')).backend).toBe('ollama');
        expect((await ask(OTHER)).backend).toBe('openai');
      }
      expect(gateway.log.text).not.toContain('breaker opened');
      expect(await gateway.metric('llm_breaker_open')).toBe(0);
    },
  );

  it.each(ROUTE_FORMS)('is its own error where there is no other target ($form)', async (route) => {
    await start();
    gateway.openai.script(failsWith(400, openAiError('This model does not support tools')));
    const { failure, error } = await route.ask(gateway, 'gpt-only');
    expect(failure).toBe('unsupported_feature');
    expect(error).toMatchObject({ message: 'This model does not support tools' });
  });
});

describe('A refusal that names neither key nor quota nor model', () => {
  const refusal = refusing(403, openAiError('no'));

  it('leaves a target alone once two callers meet it', async () => {
    await start();
    gateway.openai.script(refusal);
    await ask(THIRD);
    for (let n = 0; n < 4; n += 1) await ask(ODD, 'PECULIAR');
    expect((await ask(THIRD)).backend).toBe('openai');
    await ask(OTHER, 'PECULIAR');
    expect((await ask(THIRD)).backend).toBe('ollama');
    expect(gateway.log.text).toContain('breaker opened');
  });

  it('leaves a target alone where nobody else is answered', async () => {
    await start();
    gateway.openai.script(refusal);
    for (let n = 0; n < 8; n += 1) await ask(ODD, 'PECULIAR');
    expect(gateway.openai.requests).toHaveLength(5);
  });
});

describe('A prompt that is refused for what it says', () => {
  const FLAGGED = {
    error: { code: 403, message: 'Your input was flagged', metadata: { reasons: ['violence'] } },
  };
  const SAFETY = {
    code: 'The caller does not have permission to execute the specified operation',
    error: 'Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO',
  };

  it.each(EVERY_WAY)(
    'is content_filtered whatever the status, and asks nobody else ($form, $id)',
    async (way) => {
      await start({
        models: [
          { id: 'm', targets: [`${way.id}/x`, way.id === 'openai' ? 'ollama/x' : 'openai/x'] },
        ],
      });
      const other = way.id === 'openai' ? 'ollama' : 'openai';
      for (const [status, body] of [
        [403, FLAGGED],
        [403, SAFETY],
        [400, { error: 'Content Exists Risk' }],
        [500, { error: 'The response was blocked by our content filter' }],
      ] as const) {
        gateway[way.id].script(failsWith(status, body));
        const { failure } = await way.ask(gateway, 'm');
        expect([status, failure]).toEqual([
          status,
          way.form === '/chat' ? 'content_filtered' : 'content_filter',
        ]);
      }
      expect(gateway[other].requests).toHaveLength(0);
      expect(gateway.log.text).not.toContain('breaker opened');
    },
  );
});

describe('What is the operator’s, whatever its status,', () => {
  it.each<[string, number, unknown, string]>([
    [
      'no credit',
      400,
      openAiError('Your credit balance is too low to access the API.'),
      'quota_exhausted',
    ],
    [
      'a wrong key',
      400,
      [{ error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT' } }],
      'upstream_credentials',
    ],
    [
      'a region',
      400,
      openAiError('User location is not supported for the API use.'),
      'upstream_credentials',
    ],
    [
      'a closed account',
      400,
      openAiError('This organization has been disabled.'),
      'upstream_credentials',
    ],
    [
      'a model that is gone',
      400,
      openAiError('x', { code: 'model_decommissioned' }),
      'upstream_model_missing',
    ],
  ])('goes to the next target, and opens at once: %s (%i)', async (_, status, body, outcome) => {
    await start();
    gateway.openai.script(failsWith(status, body));
    for (let n = 0; n < 3; n += 1) expect((await ask(ODD)).backend).toBe('ollama');
    expect(gateway.openai.requests).toHaveLength(1);
    expect(await gateway.ended()).toMatchObject({ attempts: [{ outcome }, { outcome: 'ok' }] });
  });

  it('cannot be put into an upstream’s mouth by a caller', async () => {
    await start();
    gateway.openai.script(
      refusing(
        400,
        openAiError("Invalid value: 'API key not valid'. Supported values are: 'user'."),
      ),
    );
    const { status, text } = await ask(ODD, 'PECULIAR');
    expect([status, text.includes('Supported values')]).toEqual([400, true]);
    expect((await ask(OTHER)).backend).toBe('openai');
  });
});

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

describe('A client’s own repeat', () => {
  const down = failsWith(500, openAiError('boom'));

  it.each([
    ['is in vain where ours were', { limit: 1, baseDelayMs: 0 }, 'gpt-only', 'false'],
    ['is in vain where every target was asked', { limit: 0 }, 'gpt-4o', 'false'],
    ['is the first one where we do not repeat', { limit: 0 }, 'gpt-only', null],
  ])('%s', async (_, retry, model, shouldRetry) => {
    await start({ retry });
    gateway.openai.script(down);
    gateway.ollama.script(down);
    for (const stream of [true, false]) {
      const response = await gateway.complete({ model, stream });
      expect(response.status).toBe(503);
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

  it('is told of to a person all the same: later it may help', async () => {
    await start({ retry: { limit: 1, baseDelayMs: 0 } });
    gateway.openai.script(down);
    const { error } = await ROUTE_FORMS[1]!.ask(gateway, 'gpt-only');
    expect(error).toMatchObject({ code: 'upstream_unavailable', retryable: true });
  });
});
