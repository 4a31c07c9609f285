import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { ProxiedCaller } from '../support/proxied-caller.js';
import { Replica } from '../support/replica.js';
import { REVERSE_PROXIES, ReverseProxy } from '../support/reverse-proxy.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SseReader } from '../support/sse-reader.js';
import { isMissing } from '../support/system-parts.js';
import { failsWith } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const KB = 1024;

const saying = (content: string, stream = false) => ({
  path: '/v1/chat/completions',
  body: { model: 'gpt-only', stream, messages: [{ role: 'user', content }] },
});

describe.each(REVERSE_PROXIES)('Behind $name, two replicas', (kind) => {
  describe.skipIf(isMissing(kind.name))('of which one refuses', () => {
    let full: Gateway;
    let free: Gateway;
    let proxy: ReverseProxy;
    let caller: ProxiedCaller;
    beforeEach(async () => {
      const limits = { streams: 1, queue: { size: 0 } };
      [full, free] = await Promise.all([Gateway.start({ limits }), Gateway.start()]);
      proxy = await ReverseProxy.start(kind, [full.url, free.url]);
      caller = new ProxiedCaller(proxy.url, 'HTTP/1.1');
      full.openai.script(openAi.stallsAfter(['still ', 'here']));
      free.openai.script(openAi.answersText('Hi'));
    });
    afterEach(async () => {
      caller.close();
      await proxy.stop();
      await Promise.all([full.close(), free.close()]);
    });

    const sizes = kind.name === 'nginx' ? [1, 100, 10_000] : [1, 100];
    it.each(sizes)('because it is full answer a request of %i KB all the same', async (size) => {
      // Read to its first token and kept: one that nobody holds is closed when its garbage is collected.
      const running = new SseReader(await full.complete());
      await running.nextEvent();
      for (let n = 0; n < 4; n += 1) {
        const answer = await caller.ask(saying('x'.repeat(size * KB)));
        expect([answer.status, await answer.rest()]).toEqual([200, expect.stringContaining('Hi')]);
      }
      expect(full.openai.requests).toHaveLength(1);
      expect(free.openai.requests).toHaveLength(4);
      await running.leave();
    });

    it('because its targets are used up do not run the request again', async () => {
      const broken = failsWith(500, openAiError('boom'));
      full.openai.script(broken);
      free.openai.script(broken);
      const answer = await caller.ask(saying('Hi'));
      expect([answer.status, await answer.rest()]).toEqual([
        502,
        expect.stringContaining('upstream_unavailable'),
      ]);
      expect(full.openai.requests.length + free.openai.requests.length).toBe(1);
    });
  });

  describe.skipIf(isMissing(kind.name))('of which one is killed', () => {
    let upstream: ScriptedUpstream;
    let replicas: readonly Replica[];
    let proxy: ReverseProxy;
    beforeAll(async () => {
      upstream = await ScriptedUpstream.start();
      const config = {
        backends: [{ id: 'openai', kind: 'openai', baseUrl: upstream.openaiUrl, apiKey: 'none' }],
        models: [{ id: 'gpt-only', targets: ['openai/m'] }],
      };
      replicas = await Promise.all([Replica.start(config), Replica.start(config)]);
      proxy = await ReverseProxy.start(
        kind,
        replicas.map(({ url }) => url),
      );
    });
    afterAll(async () => {
      await proxy.stop();
      await Promise.all(replicas.map((replica) => replica.stop()));
      await upstream.close();
    });

    it.each(kind.versions)(
      'cut what it streamed, over %s, and serve whoever comes',
      async (version) => {
        const caller = new ProxiedCaller(proxy.url, version);
        upstream.script(openAi.stallsAfter(['Hel', 'lo']));
        // As many as there are replicas, so that each has at least one.
        const paths = ['/chat?model=gpt-only&message=Hi', '/chat?model=gpt-only&message=Hi'];
        const streams = await Promise.all([
          ...paths.map((path) => caller.ask({ path })),
          caller.ask(saying('Hi', true)),
          caller.ask(saying('Hi', true)),
        ]);
        await Promise.all(streams.map((each) => within(each.readUntil('lo'), 'the tokens')));
        await Promise.all(replicas.map((replica) => replica.process.kill()));
        for (const stream of streams) {
          expect(await within(stream.ended, 'the end')).toBe('cut');
          expect(stream.text).not.toMatch(/\[DONE\]|event: done/);
        }
        await replicas[0]!.start();
        upstream.script(openAi.answersText('Hi'));
        await expect.poll(async () => (await caller.ask(saying('Hi'))).status).toBe(200);
        await replicas[1]!.start();
        caller.close();
      },
    );
  });

  // As long as proxies wait by default, and a second: no clock of ours runs in nginx.
  describe.skipIf(isMissing(kind.name))('that say nothing for 61 s', () => {
    it('are waited for, with a stream and without', { timeout: 90_000 }, async () => {
      const gateway = await Gateway.start({ streams: { commitAfterMs: 25_000 } });
      const proxy = await ReverseProxy.start(kind, [gateway.url, gateway.url]);
      const callers = kind.versions.map((version) => new ProxiedCaller(proxy.url, version));
      const step = [openAi.answersText('Hi'), openAi.streamsText(['Hi'])];
      gateway.openai.script(async (exchange) => {
        await new Promise((resolve) => setTimeout(resolve, 61_000));
        return step[exchange.request.body['stream'] === true ? 1 : 0]!(exchange);
      });
      const answers = callers.flatMap((caller) =>
        [true, false].map(async (stream) => {
          const answer = await caller.ask(saying('Hi', stream));
          await answer.rest();
          return [answer.status, await answer.ended, answer.text.includes('Hi')];
        }),
      );
      for (const answer of await Promise.all(answers)) expect(answer).toEqual([200, 'clean', true]);
      for (const caller of callers) caller.close();
      await proxy.stop();
      await gateway.close();
    });
  });
});
