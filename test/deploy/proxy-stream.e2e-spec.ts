import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { ProxiedCaller } from '../support/proxied-caller.js';
import { REVERSE_PROXIES, ReverseProxy } from '../support/reverse-proxy.js';
import { isMissing } from '../support/system-parts.js';
import { within } from '../support/within.js';

const messages = [{ role: 'user', content: 'Hi' }];
const chat = { path: '/v1/chat/completions', body: { model: 'gpt-only', stream: true, messages } };

const STREAMS = [
  ['/v1/chat/completions', chat],
  [
    '/v1/messages',
    { path: '/v1/messages', body: { model: 'gpt-only', max_tokens: 9, stream: true, messages } },
  ],
  ['/chat', { path: '/chat?message=Hi&model=gpt-only' }],
] as const;

describe.each(REVERSE_PROXIES)('Behind $name', (kind) => {
  describe.skipIf(isMissing(kind.name)).each(kind.versions)('a stream over %s', (version) => {
    let gateway: Gateway;
    let proxy: ReverseProxy;
    let caller: ProxiedCaller;
    beforeAll(async () => {
      gateway = await Gateway.start();
      // Whichever is asked: what they do to a stream is the same.
      proxy = await ReverseProxy.start(kind, [gateway.url, gateway.url]);
      caller = new ProxiedCaller(proxy.url, version);
    });
    afterAll(async () => {
      caller.close();
      await proxy.stop();
      await gateway.close();
    });

    it.each(STREAMS)('of %s comes token by token', async (_, request) => {
      const step = openAi.stepper();
      gateway.openai.script(step.script);
      const asking = caller.ask(request);
      // Each is sent only when the one before has arrived: whoever collects them waits for ever.
      await step.next('token-0 ');
      const answer = await within(asking, 'the head of the answer');
      for (let n = 1; n < 20; n += 1) {
        await within(answer.readUntil(`token-${n - 1} `), `token ${n - 1}`);
        await step.next(`token-${n} `);
      }
      await step.finish();
      expect(await within(answer.ended, 'the end')).toBe('clean');
      expect(answer.text).toContain('token-19 ');
    });

    it.each(STREAMS)('of %s that its caller leaves is left upstream, too', async (_, request) => {
      const step = openAi.stepper();
      const n = gateway.openai.requests.length;
      gateway.openai.script(step.script);
      const asking = caller.ask(request);
      await step.next('one');
      const answer = await asking;
      await within(answer.readUntil('one'), 'the first token');
      const left = performance.now();
      answer.leave();
      await within(gateway.openai.left(n), 'the upstream is left');
      expect(performance.now() - left).toBeLessThan(250);
    });

    it('that is cut upstream has an error and no clean end', async () => {
      for (const [path, request] of STREAMS) {
        gateway.openai.script(openAi.streamsTextThenCuts(['Hel', 'lo']));
        const answer = await caller.ask(request);
        const text = await within(answer.rest(), 'the end');
        expect(text).toContain('upstream_cut');
        expect(text).not.toContain('[DONE]');
        // What an EventSource reads ends well behind its `failed`: ADR 20.
        expect([path, await answer.ended]).toEqual([path, path === '/chat' ? 'clean' : 'cut']);
      }
    });
  });
});
