import { text as textIn } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { REVERSE_PROXIES, ReverseProxy } from '../support/reverse-proxy.js';
import { isMissing } from '../support/system-parts.js';
import { TlsUpstream } from '../support/tls-upstream.js';
import { within } from '../support/within.js';

function connectTo({ url }: ReverseProxy): TLSSocket {
  const socket = connect({
    port: Number(new URL(url).port),
    host: 'localhost',
    ca: TlsUpstream.ca,
  });
  return socket.on('error', () => {});
}

/** What clients of HTTP would not send: bytes as they are. */
async function send(proxy: ReverseProxy, head: string): Promise<string> {
  const socket = connectTo(proxy);
  socket.write(`${head}\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  return within(textIn(socket), `an answer to ${head}`);
}

describe.each(REVERSE_PROXIES)('Behind $name', (kind) => {
  describe.skipIf(isMissing(kind.name))('bytes that no client sends', () => {
    let gateway: Gateway;
    let proxy: ReverseProxy;
    let asked: string[];
    beforeAll(async () => {
      gateway = await Gateway.start();
      gateway.server.on('request', ({ url = '' }) => {
        if (url !== '/readyz') asked.push(url);
      });
      proxy = await ReverseProxy.start(kind, [gateway.url, gateway.url]);
    });
    beforeEach(() => {
      asked = [];
    });
    afterAll(async () => {
      await proxy.stop();
      await gateway.close();
    });

    it.each([
      '/metrics\\#',
      '/admin\\streams#',
      '/readyz#x',
      '/admin%5cstreams',
      '\\metrics',
      '/admin/%zz',
      '/v1/%2e%2e/admin/streams',
      'http://localhost/metrics\\',
      'http://localhost/admin\\streams',
      'HTTP://localhost/ADMIN/streams',
    ])('get nobody to %s', async (target) => {
      // HAProxy leaves `..` as it is, and to Sluice that is no path of its own.
      const isPassedOn = kind.name === 'haproxy' && target.includes('%2e');
      expect(await send(proxy, `GET ${target} HTTP/1.1`)).toMatch(/^HTTP\/1\.1 40[04]/);
      expect(asked).toEqual(isPassedOn ? [target] : []);
    });

    it.each(['HTTP/1.0', 'HTTP/1.00', 'HTTP/0.9', ''])(
      'get no answer whose end says nothing: %j',
      async (version) => {
        const answer = await send(proxy, `GET /v1/models ${version}`.trim());
        expect(answer).toMatch(/Use HTTP\/1\.1|400 Bad request|cannot be read/);
        expect(asked).toEqual([]);
      },
    );

    it('are one request, whatever they say of its length', async () => {
      const smuggled = 'GET /admin/usage HTTP/1.1\r\nhost: localhost\r\n\r\n';
      for (const fields of [
        `content-length: 0\r\ncontent-length: ${smuggled.length}`,
        'content-length: 4\r\ntransfer-encoding: chunked',
        'transfer-encoding: chunked\r\ntransfer-encoding: identity',
        'transfer-encoding: xchunked',
        'transfer-encoding:\x0bchunked',
        'content-length: +0',
        'content-length: 0, 0x10',
        ' content-length: 4',
      ]) {
        const head = `POST /v1/models HTTP/1.1\r\n${fields}`;
        const socket = connectTo(proxy);
        socket.end(`${head}\r\nhost: localhost\r\n\r\n0\r\n\r\n${smuggled}`);
        await within(textIn(socket), `an answer to ${fields}`);
        expect([fields, asked.filter((url) => url !== '/v1/models')]).toEqual([fields, []]);
      }
    });

    it('choose no id that Sluice would not take', async () => {
      const forged = 'good, "}{ replica=a/b';
      for (const ids of [`x-request-id: ${forged}`, 'x-request-id: one\r\nx-request-id: "two']) {
        await send(proxy, `GET /nowhere HTTP/1.1\r\n${ids}`);
      }
      await expect.poll(async () => (await proxy.log()).match(/\/nowhere/g)).toHaveLength(2);
      for (const [, id] of (await proxy.log()).matchAll(/\/nowhere .* id=(.*) replica=/g)) {
        expect(id).toMatch(/^[\w.-]{1,128}$/);
      }
    });
  });
});

describe.skipIf(isMissing('nginx'))('nginx', () => {
  const [nginx] = REVERSE_PROXIES;

  it('tells what it cannot read in JSON, too', async () => {
    const gateway = await Gateway.start();
    const proxy = await ReverseProxy.start(nginx, [gateway.url, gateway.url]);
    for (const head of ['GET /v1/%zz HTTP/1.1', 'GET nowhere HTTP/1.1', 'GET / HTTP/1.1\r\n\x01']) {
      const [status, body] = (await send(proxy, head)).split(/ Bad Request[^]*\r\n\r\n/);
      expect([status, JSON.parse(body ?? '')]).toMatchObject([
        'HTTP/1.1 400',
        { error: { type: 'invalid_request_error', message: 'The request cannot be read.' } },
      ]);
    }
    await proxy.stop();
    await gateway.close();
  });

  it('writes no query when it has no connection left', async () => {
    const gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['Hi']));
    const replicas = [gateway.url, gateway.url];
    const proxy = await ReverseProxy.start(nginx, replicas, { connections: 12 });
    const sockets = Array.from({ length: 24 }, () => connectTo(proxy));
    for (const socket of sockets) {
      socket
        .resume()
        .write('GET /chat?model=gpt-only&message=my-secret HTTP/1.1\r\nhost: localhost\r\n\r\n');
    }
    await expect.poll(() => proxy.log(), { timeout: 5_000 }).toMatch(/GET \/chat .* 50\d /);
    expect(await proxy.log()).not.toContain('my-secret');
    for (const socket of sockets) socket.destroy();
    await proxy.stop();
    await gateway.close();
  });
});
