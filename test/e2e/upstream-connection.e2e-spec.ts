import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createOpenAiBackend,
  type OpenAiSettings,
} from '../../src/backends/openai/openai.backend.js';
import type { ChatBackend } from '../../src/contract/chat-backend.js';
import { settingsOf } from '../support/upstream-settings.js';
import { contextOf } from '../support/attempt-context.js';
import { ConnectProxy } from '../support/connect-proxy.js';
import { completion } from '../support/openai-script.js';
import { TlsUpstream } from '../support/tls-upstream.js';

const REQUEST = {
  messages: [{ role: 'user' as const, parts: [{ type: 'text' as const, text: 'Hi' }] }],
  sampling: {},
};
const TARGET = { backend: 'openai', model: 'gpt' };
const { ca } = TlsUpstream;

describe('The way to an upstream', () => {
  let upstream: TlsUpstream;
  let proxy: ConnectProxy;
  let backends: ChatBackend[];

  beforeEach(async () => {
    upstream = await TlsUpstream.start(completion('Hello'));
    proxy = await ConnectProxy.start(upstream.url);
    backends = [];
  });
  afterEach(async () => {
    await Promise.all(backends.map((backend) => backend.close()));
    await proxy.close();
    await upstream.close();
  });

  async function answer(settings: Partial<OpenAiSettings>): Promise<string> {
    const baseUrl = `https://localhost:${upstream.port}/v1`;
    const backend = createOpenAiBackend(settingsOf({ id: 'openai', baseUrl, ...settings }));
    backends.push(backend);
    return (await backend.complete(REQUEST, TARGET, contextOf())).text;
  }

  it('goes through the proxy that HTTPS_PROXY names', async () => {
    const baseUrl = 'https://llm.example/v1';
    expect(await answer({ baseUrl, ca, proxy: { httpsProxy: proxy.url } })).toBe('Hello');
    expect(proxy.hosts).toEqual(['llm.example:443']);
  });

  it('goes past the proxy to the hosts of NO_PROXY', async () => {
    const baseUrl = 'https://llm.example/v1';
    const proxied = { httpsProxy: proxy.url, noProxy: '.example' };
    await expect(answer({ baseUrl, ca, proxy: proxied })).rejects.toMatchObject({
      fault: 'upstream_unavailable',
    });
    expect(proxy.hosts).toEqual([]);
  });

  it('goes past the proxy to our own loopback, where Ollama lives', async () => {
    expect(await answer({ ca, proxy: { httpsProxy: proxy.url } })).toBe('Hello');
    expect(proxy.hosts).toEqual([]);
  });

  it('trusts the authorities of caFile, and without it nobody unknown', async () => {
    await expect(answer({})).rejects.toMatchObject({ fault: 'upstream_unavailable' });
    expect(await answer({ ca })).toBe('Hello');
  });
});
