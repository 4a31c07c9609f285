import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textIn } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import {
  type ProxiedAnswer,
  ProxiedCaller,
  type ProxiedRequest,
} from '../support/proxied-caller.js';
import { REVERSE_PROXIES, ReverseProxy } from '../support/reverse-proxy.js';
import { isMissing } from '../support/system-parts.js';
import { TlsUpstream } from '../support/tls-upstream.js';

const MB = 1024 * 1024;

const saying = (content: string, model = 'gpt-only'): ProxiedRequest => ({
  path: '/v1/chat/completions',
  body: { model, messages: [{ role: 'user', content }] },
});

const isError = (answer: ProxiedAnswer, text: string) => ({
  status: answer.status,
  type: answer.headers['content-type'],
  error: (JSON.parse(text) as { error: unknown }).error,
});

describe.each(REVERSE_PROXIES)('Behind $name', (kind) => {
  describe.skipIf(isMissing(kind.name)).each(kind.versions)('a request over %s', (version) => {
    let gateway: Gateway;
    let proxy: ReverseProxy;
    let caller: ProxiedCaller;
    beforeAll(async () => {
      gateway = await Gateway.start({ server: { trustedProxies: ['127.0.0.1'] } });
      proxy = await ReverseProxy.start(kind, [gateway.url, gateway.url]);
      caller = new ProxiedCaller(proxy.url, version);
      gateway.openai.script(openAi.answersText('Hi'));
    });
    afterAll(async () => {
      caller.close();
      await proxy.stop();
      await gateway.close();
    });

    async function textOf(asked: ProxiedRequest): Promise<[ProxiedAnswer, string]> {
      const answer = await caller.ask(asked);
      return [answer, await answer.rest()];
    }

    it('of 20 MB passes, and comes to lie in no file', async () => {
      const [answer] = await textOf(saying('x'.repeat(20 * MB)));
      expect(answer.status).toBe(200);
      // nginx warns where it does that, and removes the file.
      expect(await proxy.log()).not.toContain('buffered to a temporary file');
      for (const folder of ['client_body', 'proxy']) {
        expect(await readdir(join(proxy.folder, folder)).catch(() => [])).toEqual([]);
      }
    });

    it.each([
      ['/v1/chat/completions', 'request_too_large', 'invalid_request_error'],
      ['/v1/messages', 'payload_too_large', 'request_too_large'],
    ])(
      'to %s of more than bodyLimit is refused in words of the route',
      async (path, code, type) => {
        const [answer, text] = await textOf({ path, body: 'x'.repeat(33 * MB) });
        expect(isError(answer, text)).toMatchObject({ status: 413, error: { code, type } });
      },
    );

    it('may have 48 KB in its first line', async () => {
      const message = '%E4%BD%A0'.repeat(4000);
      gateway.openai.script(openAi.streamsText(['Hi']));
      const [answer, text] = await textOf({ path: `/chat?model=gpt-only&message=${message}` });
      expect([answer.status, text.includes('event: done')]).toEqual([200, true]);
      gateway.openai.script(openAi.answersText('Hi'));
    });

    it('has one id at its caller, in the log of the proxy and in that of Sluice', async () => {
      const given = { ...saying('Hi'), headers: { 'x-request-id': 'mine-1' } };
      const [answer] = await textOf(given);
      expect(answer.headers['x-request-id']).toBe('mine-1');
      await expect.poll(() => proxy.log()).toContain('id=mine-1');
      const odd = { ...saying('Hi'), headers: { 'x-request-id': '"}{ not an id' } };
      const [made] = await textOf(odd);
      const id = String(made.headers['x-request-id']);
      expect(id).toMatch(/^[0-9a-f-]{32,36}$/);
      await expect.poll(() => proxy.log()).toContain(`id=${id}`);
    });

    it('is from the address that the proxy sees, whatever the caller says of itself', async () => {
      const headers = { 'x-forwarded-for': '203.0.113.7', 'x-request-id': 'whence' };
      await textOf({ ...saying('Hi'), headers });
      await expect.poll(() => gateway.log.text).toMatch(/"whence".*"address":"127\.0\.0\.1"/);
      expect(gateway.log.text).not.toContain('203.0.113.7');
    });

    it('leaves no word of its query in any log of the proxy', async () => {
      await textOf({ path: '/chat?message=my-secret&model=nope' });
      await textOf({ path: '/metrics?message=my-secret' });
      await textOf({ path: '/%61dmin?message=my-secret' });
      await expect.poll(() => proxy.log()).toMatch(/GET \/(%61|a)dmin HTTP/);
      expect(await proxy.log()).not.toContain('my-secret');
    });

    it.each([
      '/metrics',
      '/admin/usage',
      '/ADMIN/usage',
      '/%61dmin/usage',
      '//admin/usage',
      '/livez',
      '/readyz/',
      '/metrics?x=1',
    ])('for %s gets nothing of it', async (path) => {
      const [answer, text] = await textOf({ path });
      expect(isError(answer, text)).toMatchObject({
        status: 404,
        error: { message: expect.stringMatching(/nothing at this address/) as string },
      });
    });
  });

  describe.skipIf(isMissing(kind.name))('a request that cannot be read', () => {
    it.each(['GET \\x', 'GET http://a@b/x', 'GET /%00', 'POST x'])(
      'is a 400, whatever is wrong with it (%j)',
      async (line) => {
        const nobody = `http://127.0.0.1:${await freePort()}`;
        const proxy = await ReverseProxy.start(kind, [nobody, nobody]);
        const { port } = new URL(proxy.url);
        const socket = connect({ port: Number(port), host: 'localhost', ca: TlsUpstream.ca });
        socket.write(`${line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
        const status = /^HTTP\/1\.\d (\d+)/.exec(await textIn(socket))?.[1];
        // HAProxy passes a NUL on, to be judged behind it: here is nobody.
        expect(status).toBe(kind.name === 'haproxy' && line === 'GET /%00' ? '503' : '400');
        await proxy.stop();
      },
    );
  });

  describe.skipIf(isMissing(kind.name))('a caller on HTTP/1.0', () => {
    it('is refused: it would take the end of a connection for the end of an answer', async () => {
      const nobody = `http://127.0.0.1:${await freePort()}`;
      const proxy = await ReverseProxy.start(kind, [nobody, nobody]);
      const { port } = new URL(proxy.url);
      const socket = connect({ port: Number(port), host: 'localhost', ca: TlsUpstream.ca });
      socket.write('GET /v1/models HTTP/1.0\r\nhost: localhost\r\n\r\n');
      expect(await textIn(socket)).toMatch(/^HTTP\/1\.\d 426 [^]*Use HTTP\/1\.1/);
      await proxy.stop();
    });
  });

  describe.skipIf(isMissing(kind.name))('with its limits uncommented', () => {
    it('a crowd of one key is refused in words of the route, and others are not', async () => {
      const gateway = await Gateway.start();
      const proxy = await ReverseProxy.start(kind, [gateway.url, gateway.url], { isLimited: true });
      const caller = new ProxiedCaller(proxy.url, 'HTTP/1.1');
      const ask = async (key: string) => {
        const headers = { authorization: `Bearer ${key}` };
        const answer = await caller.ask({ path: '/v1/messages', method: 'GET', headers });
        return { status: answer.status, body: await answer.rest() };
      };
      const crowd = await Promise.all(Array.from({ length: 200 }, () => ask('one')));
      const refused = crowd.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(50);
      expect(JSON.parse(refused[0]!.body)).toMatchObject({ error: { type: 'rate_limit_error' } });
      expect((await ask('another')).status).toBe(405);
      caller.close();
      await proxy.stop();
      await gateway.close();
    });
  });

  describe.skipIf(isMissing(kind.name))('with no replica', () => {
    let proxy: ReverseProxy;
    let caller: ProxiedCaller;
    beforeAll(async () => {
      const nobody = `http://127.0.0.1:${await freePort()}`;
      proxy = await ReverseProxy.start(kind, [nobody, nobody]);
      caller = new ProxiedCaller(proxy.url, 'HTTP/1.1');
    });
    afterAll(async () => {
      caller.close();
      await proxy.stop();
    });

    it.each([
      ['/v1/chat/completions', { error: { type: 'server_error', code: 'upstream_unavailable' } }],
      ['/v1/messages', { type: 'error', error: { type: 'api_error' } }],
      ['/chat?message=Hi', { error: { type: 'server_error', code: 'upstream_unavailable' } }],
    ])('%s is an error in words of the route, with its id', async (path, error) => {
      const answer = await caller.ask({ path, headers: { 'x-request-id': 'mine-1' } });
      const text = await answer.rest();
      expect([502, 503]).toContain(answer.status);
      expect(answer.headers['content-type']).toBe('application/json');
      expect(JSON.parse(text)).toMatchObject(error);
      expect(text).toContain('"mine-1"');
    });
  });
});
