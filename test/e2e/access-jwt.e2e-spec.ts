import { SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { IdentityProvider } from '../support/identity-provider.js';
import { openAi } from '../support/openai-script.js';

const batch = accessKey('batch-jobs');
const operator = accessKey('operator', { admin: true });

let provider: IdentityProvider;
let gateway: Gateway;
beforeEach(async () => {
  provider = await IdentityProvider.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await gateway.close();
  await provider.close();
});

async function start(jwt: object = {}): Promise<void> {
  gateway = await Gateway.start({
    access: {
      mode: 'jwt',
      jwt: { ...provider.config, ...jwt },
      keys: [batch.entry, operator.entry],
    },
  });
  gateway.openai.script(openAi.streamsText(['Hi']));
}

async function statusFor(headers: Record<string, string>, fields: object = {}): Promise<number> {
  const { status, body } = await gateway.complete(fields, headers);
  await body?.cancel();
  return status;
}

const refusalOf = async (headers: Record<string, string>, fields: object = {}) =>
  errorOf(await gateway.complete(fields, headers));

describe('with access.mode: jwt', () => {
  it('takes a token of the issuer, whose keys it asks for once', async () => {
    await start();
    for (const sub of ['alice', 'bob', 'alice']) {
      expect(await statusFor(await provider.headers({ sub }))).toBe(200);
    }
    expect(await gateway.ended(1)).toMatchObject({ caller: 'bob' });
    expect(provider.asked).toBe(1);
  });

  it('takes keys as well', async () => {
    await start();
    expect(await statusFor(batch.headers)).toBe(200);
    expect(await gateway.ended()).toMatchObject({ caller: 'batch-jobs' });
    expect(provider.asked).toBe(0);
  });

  it('lets no token open what admins have', async () => {
    await start();
    const headers = await provider.headers({ admin: true });
    expect((await gateway.get('/metrics', headers)).status).toBe(403);
    expect((await gateway.get('/metrics', operator.headers)).status).toBe(200);
  });

  it.each([
    ['that has expired', { exp: 1 }, 'This token has expired.'],
    ['that is not good yet', { nbf: 4_000_000_000 }, /claim "nbf"/],
    ['that never expires', { exp: undefined }, /claim "exp"/],
    ['for somebody else', { aud: 'other-service' }, /claim "aud"/],
    ['of another issuer', { iss: 'https://evil.example' }, /claim "iss"/],
    ['that names nobody', { sub: undefined }, 'This token names no caller in "sub".'],
    ['that names a number', { sub: 7 }, /names no caller/],
    ['that names two lines', { sub: 'a\nb' }, /names no caller/],
    ['with a space at its end', { sub: 'alice ' }, /names no caller/],
    ['that is not normalised', { sub: 'e\u0301ve' }, /names no caller/],
    ['with what cannot be seen', { sub: 'ali\u200bce' }, /names no caller/],
    ['with half a character', { sub: 'a\ud800' }, /names no caller/],
    ['that names those beyond', { sub: 'other' }, /a caller that is taken/],
    ['that names a key', { sub: 'batch-jobs' }, /a caller that is taken/],
    ['that names nobody by name', { sub: 'anonymous' }, /a caller that is taken/],
  ])('refuses a token %s', async (_, claims, message) => {
    await start();
    const error = await refusalOf(await provider.headers(claims));
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key' });
    expect(error.message).toMatch(message);
    expect(gateway.openai.requests).toHaveLength(0);
  });

  it('refuses a token that is not signed, or signed by another', async () => {
    await start();
    const { issuer, audience } = provider.config;
    const claims = { iss: issuer, aud: audience, sub: 'alice', exp: 4_000_000_000 };
    const unsigned = new UnsecuredJWT(claims).encode();
    const symmetric = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
      .sign(new TextEncoder().encode('a secret of thirty-two characters'));
    const other = await IdentityProvider.start();
    const foreign = await other.token({ iss: issuer });
    const unknown = await other.token({ iss: issuer }, { kid: 'key-9' });
    await other.close();
    for (const token of [unsigned, symmetric, foreign, unknown, 'a.b.c', 'e30.e30.e30']) {
      const error = await refusalOf({ authorization: `Bearer ${token}` });
      expect(error).toMatchObject({ status: 401 });
    }
    expect(gateway.log.text).not.toContain(foreign);
  });

  it('takes the new keys of an issuer that replaced its own, and the old ones no more', async () => {
    await start();
    const old = await provider.headers();
    expect(await statusFor(old)).toBe(200);
    vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ['Date'] });
    await provider.rotate('key-2', 'ES256');
    expect(await statusFor(await provider.headers())).toBe(200);
    expect(await refusalOf(old)).toMatchObject({ status: 401 });
  });

  it('asks for new keys beside the requests, and keeps the old ones while it gets none', async () => {
    await start();
    const exp = Math.floor(Date.now() / 1000) + 7200;
    const headers = await provider.headers({ exp });
    expect(await statusFor(headers)).toBe(200);
    provider.answersWith((_request, response) => {
      provider.asked += 1;
      response.writeHead(500).end();
    });
    vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] });
    expect(await statusFor(headers)).toBe(200);
    await vi.waitFor(() => expect(gateway.log.text).toContain('no keys of the identity provider'));
    expect(await statusFor(headers)).toBe(200);
    expect(provider.asked).toBe(2);
  });

  it.each([
    ['is down', 503, 'no'],
    ['answers with something else', 200, '<html>'],
    ['answers with no keys', 200, '{}'],
  ])('is honest about an issuer that %s: its callers are not to blame', async (_, status, body) => {
    provider.answersWith((_request, response) => response.writeHead(status).end(body));
    await start();
    const error = await refusalOf(await provider.headers());
    expect(error).toMatchObject({ status: 503, code: 'access_unavailable' });
    expect(await statusFor(batch.headers)).toBe(200);
  });

  it.each(['answers 500', 'refuses connections'])(
    'asks an issuer that %s once in five seconds, however many tokens come, and logs it once',
    async (how) => {
      vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
      let asked = 0;
      provider.answersWith(({ socket }, response) => {
        asked += 1;
        if (how === 'answers 500') response.writeHead(500).end();
        else socket.destroy();
      });
      await start();
      const headers = await provider.headers();
      for (let i = 0; i < 20; i += 1) {
        expect(await refusalOf(headers)).toMatchObject({ status: 503, code: 'access_unavailable' });
      }
      expect(asked).toBe(1);
      vi.setSystemTime(Date.now() + 5000);
      await refusalOf(headers);
      expect(asked).toBe(2);
      expect(gateway.log.text.match(/no keys of the identity provider/g)).toHaveLength(1);
      expect(gateway.log.text).not.toContain('/jwks');
    },
  );

  it('blames the token for a key that is not known while the issuer is away, and asks no more', async () => {
    await start();
    expect(await statusFor(await provider.headers())).toBe(200);
    const unknown = await provider.headers({ exp: 4_000_000_000 }, { kid: 'key-9' });
    vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ['Date'] });
    let asked = 0;
    provider.answersWith((_request, response) => {
      asked += 1;
      response.writeHead(500).end();
    });
    for (let i = 0; i < 10; i += 1) expect(await statusFor(unknown)).toBe(401);
    expect(asked).toBe(1);
  });

  it('takes keys that it cannot ask for again for a day', async () => {
    await start();
    const headers = await provider.headers({ exp: 4_000_000_000 });
    expect(await statusFor(headers)).toBe(200);
    provider.answersWith((_request, response) => response.writeHead(500).end());
    const loaded = Date.now();
    vi.useFakeTimers({ now: loaded + 23 * 3_600_000, toFake: ['Date'] });
    expect(await statusFor(headers)).toBe(200);
    vi.setSystemTime(loaded + 25 * 3_600_000);
    expect(await refusalOf(headers)).toMatchObject({ status: 503 });
  });

  it('reads no more than 1 MiB of keys', async () => {
    provider.answersWith((_request, response) =>
      response.end(`{"keys":[],"x":"${'x'.repeat(1024 * 1024)}"}`),
    );
    await start();
    expect(await refusalOf(await provider.headers())).toMatchObject({ status: 503 });
  });

  it('limits a caller to the models that its token lists, or names in one text', async () => {
    await start({ modelsClaim: 'models' });
    for (const models of [['gpt-*', 7], 'phi gpt-only']) {
      const headers = await provider.headers({ models });
      expect(await statusFor(headers)).toBe(200);
      expect(await refusalOf(headers, { model: 'llama3' })).toMatchObject({ status: 403 });
    }
    for (const models of [undefined, [], '', { 'gpt-only': true }]) {
      const headers = await provider.headers({ models });
      expect(await refusalOf(headers)).toMatchObject({ status: 403 });
    }
  });

  it('takes the caller from the claim that is configured, and labels so many of them', async () => {
    await start({ callerClaim: 'azp', maxCallers: 2 });
    for (const azp of ['app-1', 'app-2', 'app-3', 'app-1']) {
      expect(await statusFor(await provider.headers({ azp }))).toBe(200);
    }
    expect(await gateway.ended(2)).toMatchObject({ caller: 'app-3' });
    const metrics = await (await gateway.get('/metrics', operator.headers)).text();
    const labels = new Set([...metrics.matchAll(/caller="(app-\d|other)"/g)].map(([, id]) => id));
    expect(labels).toEqual(new Set(['app-1', 'app-2', 'other']));
  });

  it('asks the issuer nothing about what is no token', async () => {
    await start();
    for (const token of ['', '.', '..', 'a.b', 'a.b.c.d', 'ey.ey.', `${'a'.repeat(8000)}.b.c`]) {
      expect(await statusFor({ authorization: `Bearer ${token}` })).toBe(401);
    }
    expect(provider.asked).toBe(0);
  });
});
