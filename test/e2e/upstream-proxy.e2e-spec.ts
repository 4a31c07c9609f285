import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createOpenAiBackend,
  type OpenAiSettings,
} from '../../src/backends/openai/openai.backend.js';
import type { ChatAnswer } from '../../src/contract/chat-answer.js';
import type { ChatBackend } from '../../src/contract/chat-backend.js';
import { settingsOf } from '../support/upstream-settings.js';
import { contextOf } from '../support/attempt-context.js';
import { ConnectProxy } from '../support/connect-proxy.js';
import { failure } from '../support/failure.js';
import { completion, openAi } from '../support/openai-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SilentServer } from '../support/silent-server.js';
import { TlsUpstream } from '../support/tls-upstream.js';
import { resetsBeforeHeaders } from '../support/upstream-scripts.js';
import { urlOf } from '../support/url-of.js';
import { within } from '../support/within.js';

const REQUEST = {
  messages: [{ role: 'user' as const, parts: [{ type: 'text' as const, text: 'Hi' }] }],
  sampling: {},
};
const TARGET = { backend: 'openai', model: 'gpt' };
const { ca } = TlsUpstream;
const BEHIND_TLS = 'https://llm.example/v1';

describe('The way through a proxy', () => {
  let after: (() => Promise<unknown>)[];
  let backend: ChatBackend;
  let sent: number;

  beforeEach(() => {
    after = [];
    sent = 0;
  });
  afterEach(async () => {
    for (const close of after.toReversed()) await close();
  });

  function closing<T extends { close(): Promise<unknown> }>(thing: T): T {
    after.push(() => thing.close());
    return thing;
  }

  function goThrough(settings: Partial<OpenAiSettings>): void {
    const defaults = { id: 'openai', baseUrl: BEHIND_TLS };
    backend = closing(createOpenAiBackend(settingsOf({ ...defaults, ca, ...settings })));
  }

  function complete(onSent = () => {}, request = REQUEST): Promise<ChatAnswer> {
    const requestSent = () => {
      sent += 1;
      onSent();
    };
    const context = contextOf(undefined, { requestSent });
    return within(backend.complete(request, TARGET, context), 'complete() settles');
  }

  it('counts a request as sent when the tunnel and TLS stand, not when the tunnel is asked for', async () => {
    const upstream = closing(await TlsUpstream.start(completion('Hello')));
    const proxy = closing(await ConnectProxy.start(upstream.url));
    goThrough({ proxy: { httpsProxy: proxy.url } });
    const hostsWhenSent: number[] = [];
    await complete(() => hostsWhenSent.push(proxy.hosts.length));
    await connectionIsFree();
    await complete(() => hostsWhenSent.push(proxy.hosts.length));
    expect(hostsWhenSent).toEqual([1, 1]);
  });

  it('counts a request as sent once through a proxy without a tunnel, too', async () => {
    const upstream = closing(await ScriptedUpstream.start());
    goThrough({ baseUrl: 'http://llm.example/v1', proxy: { httpProxy: upstream.url } });
    upstream.script(openAi.answersText('Hello'));
    await complete();
    expect(sent).toBe(1);
  });

  it.each([
    ['does not answer', (url: string) => ({ httpsProxy: url.replace('https:', 'http:') })],
    // By name: undici takes no HTTPS proxy by address.
    [
      'does not finish its own TLS',
      (url: string) => ({ httpsProxy: url.replace('127.0.0.1', 'localhost') }),
    ],
  ])('is silent when the proxy %s', async (_, proxyOf) => {
    const server = closing(await SilentServer.start());
    goThrough({ proxy: proxyOf(server.url), connectMs: 50 });
    expect(await failure(complete())).toMatchObject({
      fault: 'upstream_unavailable',
      mayRetry: false,
    });
    expect(sent).toBe(0);
  });

  it('is silent when nobody answers at the other end of the tunnel', async () => {
    const server = closing(await SilentServer.start());
    const proxy = closing(await ConnectProxy.start(server.url));
    goThrough({ proxy: { httpsProxy: proxy.url }, connectMs: 50 });
    expect(await failure(complete())).toMatchObject({
      fault: 'upstream_unavailable',
      mayRetry: false,
    });
    expect([proxy.hosts.length, sent]).toEqual([1, 0]);
  });

  it('asks once more, through a new tunnel, when a kept one is closed under the request', async () => {
    let requests = 0;
    const upstream = closing(
      await TlsUpstream.serving((request, response) => {
        requests += 1;
        // Only the first connection is kept for a second request.
        if (requests === 2) return void request.socket.destroy();
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(completion('Hello')));
      }),
    );
    const proxy = closing(await ConnectProxy.start(upstream.url));
    goThrough({ proxy: { httpsProxy: proxy.url } });
    await complete();
    await connectionIsFree();
    expect((await complete()).text).toBe('Hello');
    expect([requests, proxy.hosts.length, sent]).toEqual([3, 2, 3]);
  });

  it('asks once more, over a new connection, when a proxy without a tunnel resets a kept one', async () => {
    const upstream = closing(await ScriptedUpstream.start());
    goThrough({ baseUrl: 'http://llm.example/v1', proxy: { httpProxy: upstream.url } });
    upstream.script(
      openAi.answersText('Hi'),
      resetsBeforeHeaders(),
      openAi.answersText('Hello'),
      resetsBeforeHeaders(),
    );
    await complete();
    await connectionIsFree();
    expect((await complete()).text).toBe('Hello');
    expect(new Set(upstream.requests.map(({ socketPort }) => socketPort)).size).toBe(2);
    // No connection is kept any more: this reset is a failure.
    expect((await failure(complete())).fault).toBe('upstream_unavailable');
    expect(upstream.requests).toHaveLength(4);
  });

  it('asks once more when a kept connection breaks while a long request is still being written', async () => {
    const received: number[] = [];
    let requests = 0;
    const server = createServer((request, response) => {
      requests += 1;
      if (requests === 2) {
        // With unread bytes in between, in the middle of our writes.
        request.once('data', () => request.socket.resetAndDestroy());
        return;
      }
      let bytes = 0;
      request.on('data', (data: Buffer) => (bytes += data.length));
      request.on('end', () => {
        received.push(bytes);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(completion('Hello')));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    after.push(async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    });
    goThrough({ baseUrl: `${urlOf(server)}/v1` });
    await complete();
    await connectionIsFree();
    const text = 'x'.repeat(8 * 1024 * 1024);
    const long = {
      ...REQUEST,
      messages: [{ role: 'user' as const, parts: [{ type: 'text' as const, text }] }],
    };
    expect((await complete(undefined, long)).text).toBe('Hello');
    expect([requests, sent]).toEqual([3, 3]);
    expect(received[1]).toBeGreaterThan(text.length);
  });
});

/** undici frees a connection in the turn of the event loop after the one that ended the response. */
function connectionIsFree(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
