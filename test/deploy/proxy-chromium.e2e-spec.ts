import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Chromium } from '../support/chromium.js';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { REVERSE_PROXIES, ReverseProxy } from '../support/reverse-proxy.js';
import { isMissing } from '../support/system-parts.js';
import { within } from '../support/within.js';

const body = JSON.stringify({
  model: 'gpt-only',
  stream: true,
  messages: [{ role: 'user', content: 'Hi' }],
});

const TABS = 10;

describe.each(REVERSE_PROXIES)('In Chromium, a page behind $name', (kind) => {
  describe.skipIf(isMissing(kind.name, 'chromium'))('of the same origin', () => {
    let chromium: Chromium;
    let gateway: Gateway;
    /** Where the process dies: between the proxy and Sluice. */
    let wire: CuttingProxy;
    let proxy: ReverseProxy;
    let page: Page;
    beforeAll(async () => {
      chromium = await Chromium.launch();
      gateway = await Gateway.start();
      wire = await CuttingProxy.start(gateway.url);
      proxy = await ReverseProxy.start(kind, [wire.url, wire.url]);
    });
    afterAll(async () => {
      await chromium.close();
      await proxy.stop();
      await wire.close();
      await gateway.close();
    });
    beforeEach(async () => {
      ({ page } = await chromium.open(`${proxy.url}/v1/models`));
    });
    afterEach(() => page.close());

    /** Reads a Chat Completion as far as it comes. */
    const fetchInPage = () =>
      page.evaluate(async (sent) => {
        const headers = { 'content-type': 'application/json' };
        const asked = { method: 'POST', headers, body: sent };
        let text = '';
        try {
          // A cut may overtake the head of the answer, too.
          const response = await fetch('/v1/chat/completions', asked);
          const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
          for (;;) {
            const { done, value } = await reader.read();
            if (done) return { text, end: 'clean' };
            text += value;
          }
        } catch (error) {
          return { text, end: String(error) };
        }
      }, body);

    /** What an EventSource hears, up to its end. */
    const listenInPage = () =>
      page.evaluate(
        () =>
          new Promise<string[]>((resolve) => {
            const heard: string[] = [];
            const chat = new EventSource('/chat?model=gpt-only&message=Hi');
            for (const type of ['start', 'message', 'done', 'failed', 'error']) {
              chat.addEventListener(type, () => {
                heard.push(type);
                if (!['done', 'failed', 'error'].includes(type)) return;
                chat.close();
                resolve(heard);
              });
            }
          }),
      );

    it(`speaks ${kind.versions.at(-1)}`, async () => {
      const protocol = await page.evaluate(
        `performance.getEntriesByType('navigation')[0].nextHopProtocol`,
      );
      expect(protocol).toBe(kind.versions.includes('HTTP/2') ? 'h2' : 'http/1.1');
    });

    it('reads a whole answer to its end', async () => {
      gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
      expect(await fetchInPage()).toMatchObject({
        end: 'clean',
        text: expect.stringContaining('[DONE]') as string,
      });
      expect(await listenInPage()).toEqual(['start', 'message', 'message', 'done']);
    });

    it('reads of a cut its error, and no clean end', async () => {
      gateway.openai.script(openAi.streamsTextThenCuts(['Hel', 'lo']));
      const { text, end } = await fetchInPage();
      expect(text).toContain('upstream_cut');
      expect(end).toMatch(/TypeError|network error/);
      expect((await listenInPage()).at(-1)).toBe('failed');
    });

    it.each(['fetch', 'EventSource'])('sees by %s that the process died', async (by) => {
      const n = gateway.openai.requests.length;
      const step = openAi.stepper();
      gateway.openai.script(step.script);
      const reading =
        by === 'fetch'
          ? fetchInPage().then(({ end }) => end)
          : listenInPage().then((heard) => heard.at(-1));
      await step.next(`Hello, ${by}`);
      await wire.passed(`Hello, ${by}`);
      wire.cut();
      expect(await within(reading, 'the page sees an end')).toMatch(/error/i);
      await within(gateway.openai.left(n), 'the upstream is left');
    });

    it('that is closed ends what was generated for it', async () => {
      const n = gateway.openai.requests.length;
      const step = openAi.stepper();
      gateway.openai.script(step.script);
      const { page: closing } = await chromium.open(`${proxy.url}/v1/models`);
      const first = firstTextIn(closing);
      await step.next('Hello');
      expect(await within(first, 'the first token is shown')).toContain('Hello');
      await closing.close();
      await within(gateway.openai.left(n), 'the upstream is left');
    });

    it.skipIf(!kind.versions.includes('HTTP/2'))(`streams in ${TABS} tabs at once`, async () => {
      gateway.openai.script(openAi.stallsAfter(['Hello']));
      const tabs = await Promise.all(
        Array.from({ length: TABS }, () => chromium.open(`${proxy.url}/v1/models`)),
      );
      // None of them has ended: over HTTP/1.1 the seventh would wait.
      const shown = Promise.all(tabs.map((tab) => firstTextIn(tab.page)));
      expect(await within(shown, 'all tabs show a token', 10_000)).toHaveLength(TABS);
      await Promise.all(tabs.map((tab) => tab.page.close()));
    });
  });
});

/** The first text that an EventSource of the page hears. */
function firstTextIn(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const chat = new EventSource('/chat?model=gpt-only&message=Hi');
        chat.addEventListener('message', ({ data }) => resolve(String(data)));
      }),
  );
}
