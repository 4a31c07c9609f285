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

/** In open mode a flow is an address. */
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

  /** Their errors have our own names of faults. */
  const ownWords = new Set(['/chat', '/v1/messages']);

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
          ownWords.has(way.form) ? 'content_filtered' : 'content_filter',
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

  it.each(['models', 'fallbacks'])(
    'is doubted where a caller names %s of its own',
    async (field) => {
      await start();
      gateway.openai.script(
        failsWith(400, openAiError('nope is not a valid model ID')),
        UPSTREAM_KINDS[0]!.says('Hello'),
      );
      for (const fields of [{ [field]: ['nope'] }, {}]) {
        const response = await gateway.complete({ model: 'gpt-4o', ...fields });
        expect(response.headers.get('x-sluice-backend')).toBe(
          field in fields ? 'ollama' : 'openai',
        );
        await response.text();
      }
    },
  );

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
