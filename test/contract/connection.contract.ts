import { afterEach, describe, expect, it, vi } from 'vitest';
import { contextOf } from '../support/attempt-context.js';
import { failure } from '../support/failure.js';
import { answers, failsWith } from '../support/upstream-scripts.js';
import type { UpstreamRequest } from '../support/scripted-upstream.js';
import type { BackendKind } from './backend-kind.js';
import { all, BackendUnderTest, REQUEST, TARGET } from './backend-under-test.js';

/** What is sent beside the request itself, and over which connection. */
export function connectionContract(kind: BackendKind): void {
  const { scripts } = kind;

  describe('as a client', () => {
    const test = new BackendUnderTest(kind);
    afterEach(() => void vi.unstubAllEnvs());

    it("sends the target's name of the model as JSON", async () => {
      const { method, headers, body } = await requestOfStream();
      expect(method).toBe('POST');
      expect(headers['content-type']).toMatch(/^application\/json/);
      expect(body).toMatchObject({ model: 'asked-model', stream: true });
    });

    it('gives the beginning of an answer as a last message, to go on from', async () => {
      const going = kind.prefillScripts ?? scripts;
      test.upstream.script(going.streamsText(['lo']), going.answersText('lo'));
      const request = { ...REQUEST, prefill: 'Hel' };
      await all(await test.backend.open(request, TARGET, contextOf()));
      await test.backend.complete(request, TARGET, contextOf());
      for (const { body } of test.upstream.requests) {
        expect(body['messages']).toEqual([
          { role: 'user', content: 'Say hello.' },
          { role: 'assistant', content: 'Hel' },
        ]);
      }
      expect(test.upstream.requests).toHaveLength(2);
    });

    it('sends no Authorization without an API key', async () => {
      expect((await requestOfStream()).headers).not.toHaveProperty('authorization');
      test.with({ apiKey: '' });
      expect((await requestOfStream()).headers).not.toHaveProperty('authorization');
    });

    it('sends its API key', async () => {
      test.with({ apiKey: 'sk-configured' });
      expect((await requestOfStream()).headers).toMatchObject(kind.keyHeader('sk-configured'));
    });

    it('sends its configured headers and query with streams and whole answers', async () => {
      test.with({
        headers: { 'x-team': 'search', 'user-agent': 'ours' },
        query: { 'api-version': '2026-01-01', zone: 'a b&c' },
      });
      test.upstream.script(scripts.streamsText(['Hi']), scripts.answersText('Hi'));
      await test.stream();
      await test.complete();
      for (const { headers, path } of test.upstream.requests) {
        expect(headers).toMatchObject({ 'x-team': 'search', 'user-agent': 'ours' });
        const { searchParams } = new URL(path, test.upstream.url);
        expect(Object.fromEntries(searchParams)).toEqual({
          'api-version': '2026-01-01',
          zone: 'a b&c',
        });
      }
      expect(test.upstream.requests).toHaveLength(2);
    });

    it('takes a base URL with a slash at its end for the same', async () => {
      const { path } = await requestOfStream();
      test.with({ baseUrl: `${kind.baseUrlOf(test.upstream)}/` });
      expect((await requestOfStream()).path).toBe(path);
    });

    it('takes nothing from the environment', async () => {
      const secrets: Record<string, string> = {
        OPENAI_API_KEY: 'sk-environment',
        OPENAI_ADMIN_KEY: 'sk-environment',
        OPENAI_ORG_ID: 'org-environment',
        OPENAI_PROJECT_ID: 'proj-environment',
        OPENAI_CUSTOM_HEADERS: 'x-custom: environment',
        OPENAI_BASE_URL: 'http://127.0.0.1:1/environment',
        OLLAMA_HOST: 'http://127.0.0.1:1/environment',
        HTTP_PROXY: 'http://127.0.0.1:1',
        http_proxy: 'http://127.0.0.1:1',
      };
      for (const [name, value] of Object.entries(secrets)) vi.stubEnv(name, value);
      test.with({});
      const { headers, path } = await requestOfStream();
      expect(JSON.stringify([headers, path])).not.toContain('environment');
      for (const name of ['authorization', 'openai-organization', 'openai-project', 'x-custom']) {
        expect(headers).not.toHaveProperty(name);
      }
    });

    it('asks once, however the upstream fails', async () => {
      test.upstream.script(failsWith(500, kind.errorBody('Try again.')));
      expect((await failure(test.open())).fault).toBe('upstream_unavailable');
      expect(test.upstream.requests).toHaveLength(1);
    });

    it('uses its connection again after a stream, a whole answer and a refusal', async () => {
      // In one packet with its end, so that the connection is free when the stream is.
      const stream = kind.textEvent('Hi') + kind.finishEvent;
      const atOnce = answers(stream, { 'content-type': kind.streamType });
      test.upstream.script(
        atOnce,
        scripts.answersText('Hi'),
        failsWith(429, kind.errorBody('Slow down.')),
        atOnce,
      );
      await test.stream();
      await nextTurn();
      await test.complete();
      await nextTurn();
      await failure(test.open());
      await nextTurn();
      await test.stream();
      expect(new Set(test.upstream.requests.map(({ socketPort }) => socketPort)).size).toBe(1);
      expect(test.upstream.requests).toHaveLength(4);
    });

    it.each([
      ['short', ['Hel', 'lo']],
      ['long', ['x'.repeat(60_000), 'y']],
    ])('needs few connections for many %s streams that end piece by piece', async (_, tokens) => {
      test.upstream.script(scripts.streamsText(tokens));
      for (let n = 0; n < 10; n += 1) await test.stream();
      expect(test.upstream.requests).toHaveLength(10);
      expect(test.upstream.connections).toBeLessThanOrEqual(3);
    });

    it('closes its connections when it is closed, running streams too', async () => {
      test.upstream.script(scripts.stallsAfter(['Hel']));
      const batches = (await test.open())[Symbol.asyncIterator]();
      await batches.next();
      await test.backend.close();
      await test.upstream.left(0);
      expect(test.upstream.requests[0]!.isClosed).toBe(true);
    });

    async function requestOfStream(): Promise<UpstreamRequest> {
      test.upstream.script(scripts.streamsText(['Hi']));
      await test.stream();
      return test.upstream.requests.at(-1)!;
    }
  });
}

/** undici frees a connection in the turn of the event loop after the one that ended the response. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
