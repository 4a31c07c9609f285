import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessKey, hashOf } from '../support/access-key.js';
import { BODY_FORMS, headOf } from '../support/body-forms.js';
import { errorOf } from '../support/error-body.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { SlowCaller } from '../support/slow-caller.js';
import { failsWith } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const teamA = accessKey('team-a');
const operator = accessKey('operator', { admin: true });

let gateway: Gateway;
afterEach(() => gateway.close());

async function startWith(keys: readonly object[], settings: GatewaySettings = {}): Promise<void> {
  gateway = await Gateway.start({ access: { mode: 'keys', keys }, ...settings });
  gateway.openai.script(openAi.streamsText(['Hi']));
}

const ask = (headers: Record<string, string>, fields: object = {}) =>
  gateway.complete(fields, headers);
const statusOf = async (response: Promise<Response>) => {
  const { status, body } = await response;
  await body?.cancel();
  return status;
};

describe('with access.mode: keys', () => {
  beforeEach(() => startWith([teamA.entry, operator.entry]));

  it.each([
    ['Authorization', () => teamA.headers],
    ['Authorization in another case', () => ({ authorization: `bearer   ${teamA.secret}` })],
    ['x-api-key', () => ({ 'x-api-key': teamA.secret })],
    ['api-key', () => ({ 'api-key': teamA.secret })],
    ['two headers alike', () => ({ ...teamA.headers, 'x-api-key': teamA.secret })],
    [
      'x-api-key beside a password of a proxy',
      () => ({ authorization: 'Basic eA==', 'x-api-key': teamA.secret }),
    ],
  ])('takes a key in %s', async (_, headers) => {
    const response = await ask(headers());
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('[DONE]');
    expect(await gateway.ended()).toMatchObject({ caller: 'team-a', endReason: 'completed' });
  });

  it('labels metrics with the id of the key', async () => {
    await (await ask(teamA.headers)).text();
    const metrics = await gateway.get('/metrics', operator.headers);
    expect(await metrics.text()).toMatch(/llm_streams_total\{caller="team-a",model="gpt-only"/);
  });

  it.each([
    ['no key', () => ({}), /has no key: it needs a key; send "Authorization: Bearer …"/],
    ['an unknown key', () => accessKey('team-a').headers, /not known here/],
    ['a hash for a key', () => ({ 'x-api-key': hashOf(teamA.secret) }), /not known here/],
    ['a password', () => ({ authorization: 'Basic eA==' }), /has no key/],
    ['nothing behind Bearer', () => ({ authorization: 'Bearer ' }), /has no key/],
    ['half a key', () => ({ 'api-key': teamA.secret.slice(0, 40) }), /not known here/],
    ['a token', () => ({ authorization: 'Bearer eyJh.eyJz.c2ln' }), /not known here/],
    ['two keys', () => ({ ...teamA.headers, 'api-key': operator.secret }), /two different keys/],
    [
      'a key twice in one header',
      () => ({ 'x-api-key': `${teamA.secret}, ${teamA.secret}` }),
      /not known/,
    ],
  ])('refuses %s, and says what is wrong', async (_, headers, message) => {
    const response = await ask(headers());
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    const error = await errorOf(response);
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key' });
    expect(error.message).toMatch(message);
    expect(gateway.openai.requests).toHaveLength(0);
    for (const { secret } of [teamA, operator]) expect(gateway.log.text).not.toContain(secret);
  });

  it.each([
    '/v1/models',
    '/v1/models/gpt-only',
    '/chat?message=Hi',
    '/docs',
    '/docs/',
    '/docs/swagger-ui.css',
    '/openapi.json',
    '/docs-json',
    '/metrics',
    '/admin/nothing',
    '/',
    '/nothing',
    '/%2e%2e/v1/models',
    '//v1/models',
    '/V1/Models/',
  ])('has nothing at %s without a key', async (path) => {
    const response = await gateway.get(path, {
      host: 'sluice.localhost',
      'x-forwarded-for': '::1',
    });
    expect(response.status).toBe(401);
  });

  it.each(['/livez', '/readyz'])('answers probes without a key: %s', async (path) => {
    expect(await statusOf(gateway.get(path))).toBe(200);
  });

  it.each(['/docs', '/openapi.json', '/v1/models'])('shows %s to any key', async (path) => {
    expect(await statusOf(gateway.get(path, teamA.headers))).toBe(200);
  });

  it('shows metrics, which tell of everybody, to admins only', async () => {
    const error = await errorOf(await gateway.get('/metrics', teamA.headers));
    expect(error).toMatchObject({ status: 403, code: 'permission_denied' });
    expect(error.message).toContain('server.adminPort');
    expect(await statusOf(gateway.get('/metrics', operator.headers))).toBe(200);
  });

  it('counts refusals of what asked for a generation', async () => {
    const counted = async () => {
      const metrics = await (await gateway.get('/metrics', operator.headers)).text();
      return Number(
        /llm_rejections_total\{fault="unauthenticated"\} (\d+)/.exec(metrics)?.[1] ?? 0,
      );
    };
    const before = await counted();
    await errorOf(await ask({}));
    await gateway.get('/v1/models');
    expect(await counted()).toBe(before + 1);
  });

  describe.each(BODY_FORMS)('$form', ({ path }) => {
    it('is refused with its body unread', async () => {
      const caller = await SlowCaller.connect(gateway.url);
      const read = once(gateway.server, 'request');
      const response = caller.write(headOf(path, { 'content-length': 1_000_000 }));
      const [{ socket }] = (await read) as [IncomingMessage];
      const { status } = await within(response.head(), 'the refusal');
      expect(status).toBe(401);
      // Not a byte of it was sent, so nobody can have waited for one.
      expect(socket.bytesRead).toBeLessThan(1000);
      caller.leave();
    });
  });

  it('does not invite a body that it would not read', async () => {
    const caller = await SlowCaller.connect(gateway.url);
    const head = headOf('/v1/chat/completions', { 'content-length': 9, expect: '100-continue' });
    expect(await within(caller.write(head).head(), 'the refusal')).toMatchObject({ status: 401 });
    caller.leave();
  });

  it('is what the official client says of a wrong key', async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-wrong', maxRetries: 3 });
    await expect(client.models.list()).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
    const good = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: teamA.secret });
    expect((await good.models.list()).data.map(({ id }) => id)).toContain('gpt-only');
  });
});

describe('a key', () => {
  it('may have two secrets while one replaces the other', async () => {
    const old = accessKey('team-a');
    const next = accessKey('team-a', { hashes: [...accessKey('x').entry.hashes] });
    await startWith([{ ...old.entry, hashes: [hashOf(old.secret), hashOf(next.secret)] }]);
    expect(await statusOf(ask(old.headers))).toBe(200);
    expect(await statusOf(ask(next.headers))).toBe(200);
    expect(await gateway.ended(1)).toMatchObject({ caller: 'team-a' });
  });

  it('is refused when it has expired or is disabled, and says so', async () => {
    const expired = accessKey('a', { expiresAt: '2020-01-01T00:00:00Z' });
    const disabled = accessKey('b', { disabled: true });
    const good = accessKey('c', { expiresAt: '2999-01-01T00:00:00+02:00' });
    await startWith([expired.entry, disabled.entry, good.entry]);
    expect(await errorOf(await ask(expired.headers))).toMatchObject({
      status: 401,
      message: 'This key has expired.',
    });
    expect(await errorOf(await ask(disabled.headers))).toMatchObject({
      status: 401,
      message: 'This key is disabled.',
    });
    expect(await statusOf(ask(good.headers))).toBe(200);
  });

  it('may use its models, and no others, whether there are such or not', async () => {
    const key = accessKey('a', { models: ['gpt-*', 'team/*'] });
    await startWith([key.entry]);
    expect(await statusOf(ask(key.headers, { model: 'gpt-only' }))).toBe(200);
    expect(await statusOf(ask(key.headers, { model: 'team/gpt' }))).toBe(200);
    for (const model of ['llama3', 'no-such-model']) {
      const error = await errorOf(await ask(key.headers, { model }));
      expect(error).toMatchObject({ status: 403, code: 'permission_denied', param: 'model' });
      expect(error.message).toBe(
        `Your key may not use the model "${model}". GET /v1/models lists those that it may.`,
      );
      const chat = await gateway.get(`/chat/${model}?message=Hi`, key.headers);
      expect(await errorOf(chat)).toMatchObject({ status: 403, code: 'permission_denied' });
      const one = await gateway.get(`/v1/models/${model}`, key.headers);
      expect(await errorOf(one)).toMatchObject({ status: 403 });
    }
    const list = await gateway.get('/v1/models', key.headers);
    const { data } = (await list.json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(['gpt-4o', 'gpt-only', 'team/gpt']);
  });

  it('has a default model of its own', async () => {
    const key = accessKey('a', { models: ['team/*'], defaultModel: 'team/gpt' });
    await startWith([key.entry]);
    const response = await gateway.get('/chat?message=Hi', key.headers);
    expect(response.headers.get('x-sluice-model')).toBe('team/gpt');
    await response.text();
  });

  it('may be kept on the first target', async () => {
    const key = accessKey('a', { fallback: 'never' });
    await startWith([key.entry]);
    gateway.openai.script(failsWith(429, {}));
    const error = await errorOf(await ask(key.headers, { model: 'gpt-4o' }));
    expect(error).toMatchObject({ status: 429 });
    expect(gateway.ollama.requests).toHaveLength(0);
  });

  it.each([
    ['nothing', {}, { max_tokens: 100 }],
    ['less', { max_tokens: 7 }, { max_tokens: 7 }],
    ['more', { max_tokens: 5000 }, { max_tokens: 100 }],
    ['more by its new name', { max_completion_tokens: 5000 }, { max_completion_tokens: 100 }],
    [
      'more by one of both names',
      { max_completion_tokens: 50, max_tokens: 5000 },
      { max_completion_tokens: 50, max_tokens: 50 },
    ],
    ['null', { max_tokens: null }, { max_tokens: 100 }],
    ['less than nothing', { max_tokens: -1 }, { max_tokens: 100 }],
    ['nothing at all', { max_tokens: 0 }, { max_tokens: 100 }],
  ])('bounds what it lets a model write, where it asks for %s', async (_, said, sent) => {
    const key = accessKey('a', { maxOutputTokens: 100 });
    await startWith([key.entry]);
    for (const stream of [true, false]) {
      await (await ask(key.headers, { ...said, stream })).text();
      const { body } = gateway.openai.requests.at(-1)!;
      const { max_tokens, max_completion_tokens } = body as Record<string, unknown>;
      expect(JSON.parse(JSON.stringify({ max_tokens, max_completion_tokens }))).toEqual(sent);
    }
    gateway.ollama.script(ollama.streamsText(['Hi']));
    await (await ask(key.headers, { ...said, model: 'llama3' })).text();
    const [{ body }] = gateway.ollama.requests as unknown as [{ body: { options: object } }];
    expect(body.options).toMatchObject({
      num_predict: Math.max(...Object.values(sent).map(Number)),
    });
  });
});

describe('a key with maxOutputTokens', () => {
  const key = accessKey('a', { maxOutputTokens: 100 });
  const startAt = (target: object) =>
    startWith([key.entry], {
      models: [{ id: 'm', targets: [{ backend: 'openai', model: 'gpt-4o', ...target }] }],
    });
  const sent = async (fields: object) => {
    await (await ask(key.headers, { model: 'm', ...fields })).text();
    return gateway.openai.requests.at(-1)!.body;
  };

  it.each([
    [{ n_predict: 9999 }],
    [{ num_predict: -1 }],
    [{ max_new_tokens: 0 }],
    [{ max_output_tokens: 9999 }],
    [{ max_output_tokens: null }],
    [{ options: { num_predict: 9999 } }],
    [{ extra_body: { n_predict: 9999 } }],
  ])('bounds the limit by whatever name a server may know it: %j', async (fields) => {
    await startAt({});
    const body = await sent(fields);
    expect(body).toMatchObject({ max_tokens: 100 });
    expect(JSON.stringify(body)).not.toMatch(/9999|_predict":-1|tokens":(0|null)/);
  });

  it('bounds what a target renames, and leaves what it sets', async () => {
    await startAt({ rename: { max_tokens: 'limit', foo: 'max_tokens' } });
    expect(await sent({ limit: 9999, foo: 9999 })).toMatchObject({ limit: 100, max_tokens: 100 });
    await gateway.close();
    await startAt({ set: { max_tokens: 200 } });
    expect(await sent({ max_tokens: 9999 })).toMatchObject({ max_tokens: 200 });
    await gateway.close();
    await startAt({ drop: ['max_completion_tokens'] });
    expect(await sent({ max_completion_tokens: 50 })).toMatchObject({ max_tokens: 50 });
  });

  it('is not served where no limit is taken', async () => {
    await startAt({ drop: ['max_tokens', 'max_completion_tokens'] });
    const error = await errorOf(await ask(key.headers, { model: 'm' }));
    expect(error).toMatchObject({ status: 400, param: 'max_tokens' });
    await gateway.close();
    await startAt({ backend: 'ollama', drop: ['num_predict'] });
    expect(await errorOf(await ask(key.headers, { model: 'm' }))).toMatchObject({ status: 400 });
  });
});

describe('a key with models', () => {
  it('cannot have others by fields that name some upstream', async () => {
    const [bound, free] = [accessKey('a', { models: ['gpt-only'] }), accessKey('b')];
    await startWith([bound.entry, free.entry]);
    const choices = { models: ['o1'], fallbacks: ['o1'], route: 'fallback' };
    const response = await ask(bound.headers, choices);
    expect(response.headers.get('x-sluice-ignored')).toBe('models, fallbacks, route');
    await response.text();
    for (const name of Object.keys(choices)) {
      expect(gateway.openai.requests[0]!.body).not.toHaveProperty(name);
    }
    await (await ask(free.headers, choices)).text();
    expect(gateway.openai.requests[1]!.body).toMatchObject(choices);
  });
});

describe('with access.mode: open', () => {
  it('serves everybody, whatever key they send', async () => {
    gateway = await Gateway.start({ access: { keys: [teamA.entry] } });
    gateway.openai.script(openAi.streamsText(['Hi']));
    for (const headers of [{}, { authorization: 'Bearer none' }, accessKey('x').headers]) {
      expect(await statusOf(ask(headers))).toBe(200);
    }
    expect(await gateway.ended(2)).toMatchObject({ caller: 'anonymous' });
    await statusOf(ask(teamA.headers));
    expect(await gateway.ended(3)).toMatchObject({ caller: 'team-a' });
  });
});
