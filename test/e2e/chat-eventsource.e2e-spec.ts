import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { EventSource } from 'eventsource';
import { describe, expect, it, type TestContext } from 'vitest';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { Gateway } from '../support/gateway.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { failsWith, stallsBeforeHeaders } from '../support/upstream-scripts.js';

type Cleanup = TestContext['onTestFinished'];

/** Sluice behind a connection that can be cut, asked by an EventSource; one per test, as they run at once. */
class Page {
  /** What Sluice was asked: the `Last-Event-ID` of every request. */
  readonly asked: (string | undefined)[] = [];

  private constructor(
    readonly gateway: Gateway,
    readonly proxy: CuttingProxy,
    private readonly cleanup: Cleanup,
  ) {
    this.listenTo(gateway);
  }

  static async open(cleanup: Cleanup): Promise<Page> {
    const gateway = await Gateway.start();
    const proxy = await CuttingProxy.start(gateway.url);
    cleanup(async () => {
      await proxy.close();
      await gateway.close();
    });
    return new Page(gateway, proxy, cleanup);
  }

  listenTo({ server }: Gateway): void {
    server.on('request', ({ headers }: IncomingMessage) =>
      this.asked.push(headers['last-event-id'] as string | undefined),
    );
  }

  ask(): AskedAnswer {
    const answer = new AskedAnswer(`${this.proxy.url}/chat/gpt-only?message=Hi`);
    this.cleanup(() => answer.source.close());
    return answer;
  }
}

/** What a page sees of one EventSource. */
class AskedAnswer {
  readonly source: EventSource;
  readonly events: MessageEvent[] = [];
  readonly #more = new EventEmitter();

  constructor(url: string) {
    this.source = new EventSource(url);
    for (const type of ['message', 'done', 'failed']) {
      this.source.addEventListener(type, (event) => {
        this.events.push(event);
        this.#more.emit('event');
      });
    }
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** Resolves with the id of the n-th event (from 0). */
  async event(n: number): Promise<string> {
    while (this.events.length <= n) await once(this.#more, 'event');
    return this.events[n]!.lastEventId;
  }

  /** Resolves with the status on which the EventSource gave up for good; until then it asks again and again. */
  async gaveUp(): Promise<number | undefined> {
    for (;;) {
      const [{ code }] = (await once(this.source, 'error')) as [{ code?: number }];
      if (this.source.readyState === EventSource.CLOSED) return code;
    }
  }
}

// All at once: an EventSource waits 3 seconds, its `retry`, before it asks again.
describe.concurrent('one upstream request is all that a browser costs', () => {
  it('when it closes on done', async ({ onTestFinished }) => {
    const page = await Page.open(onTestFinished);
    page.gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    const answer = page.ask();
    await answer.event(2);
    answer.source.close();
    expect(answer.types).toEqual(['message', 'message', 'done']);
    expect([page.asked, page.gateway.openai.requests.length]).toEqual([[undefined], 1]);
  });

  it('when it does not close on done', async ({ onTestFinished }) => {
    const page = await Page.open(onTestFinished);
    page.gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    const answer = page.ask();
    const lastId = await answer.event(2);
    expect(lastId).toMatch(/:3$/);
    expect(await answer.gaveUp()).toBe(204);
    expect(answer.types).toEqual(['message', 'message', 'done']);
    expect([page.asked, page.gateway.openai.requests.length]).toEqual([[undefined, lastId], 1]);
  });

  const failures = [
    ['the upstream refuses', failsWith(401, openAiError('no')), 0],
    ['the upstream resets before the first token', openAi.resetsAfter([]), 0],
    ['the upstream cuts before the first token', openAi.streamsTextThenCuts([]), 0],
    ['the upstream ends mid-stream', openAi.streamsTextThenEnds(['Hel', 'lo']), 2],
  ] as const;
  it.for(failures)(
    'when %s and it closes on failed',
    async ([, script, tokens], { onTestFinished }) => {
      const page = await Page.open(onTestFinished);
      page.gateway.openai.script(script);
      const answer = page.ask();
      await answer.event(tokens);
      answer.source.close();
      expect(answer.types).toEqual([...Array<string>(tokens).fill('message'), 'failed']);
      expect([page.asked, page.gateway.openai.requests.length]).toEqual([[undefined], 1]);
    },
  );

  it.for(failures)(
    'when %s and it does not close on failed',
    async ([, script, tokens], { onTestFinished }) => {
      const page = await Page.open(onTestFinished);
      page.gateway.openai.script(script);
      const answer = page.ask();
      const lastId = await answer.event(tokens);
      expect(await answer.gaveUp()).toBe(204);
      expect(answer.types).toEqual([...Array<string>(tokens).fill('message'), 'failed']);
      expect([page.asked, page.gateway.openai.requests.length]).toEqual([[undefined, lastId], 1]);
    },
  );

  it('when the connection is cut before the first token', async ({ onTestFinished }) => {
    const page = await Page.open(onTestFinished);
    page.gateway.openai.script(stallsBeforeHeaders());
    const answer = page.ask();
    await page.gateway.openai.request(0);
    await page.proxy.passed('"model":"gpt-only"}\n\n');
    page.proxy.cut();
    await page.gateway.openai.left(0);
    expect(await answer.gaveUp()).toBe(204);
    expect(page.asked).toEqual([undefined, expect.stringMatching(/^[\w-]+:0$/)]);
    expect(page.gateway.openai.requests).toHaveLength(1);
  });

  it('when the connection is cut mid-stream', async ({ onTestFinished }) => {
    const page = await Page.open(onTestFinished);
    page.gateway.openai.script(openAi.stallsAfter(['Hel', 'lo']));
    const answer = page.ask();
    const lastId = await answer.event(1);
    page.proxy.cut();
    await page.gateway.openai.left(0);
    expect(await answer.gaveUp()).toBe(204);
    expect(answer.types).toEqual(['message', 'message']);
    expect([page.asked, page.gateway.openai.requests.length]).toEqual([[undefined, lastId], 1]);
  });

  it('when Sluice is killed and a new one takes its place', async ({ onTestFinished }) => {
    const page = await Page.open(onTestFinished);
    page.gateway.openai.script(openAi.stallsAfter(['Hel']));
    const answer = page.ask();
    const lastId = await answer.event(0);
    const successor = await Gateway.start();
    onTestFinished(() => successor.close());
    page.listenTo(successor);
    page.gateway.server.closeAllConnections();
    page.proxy.cut(successor.url);
    await page.gateway.close();
    expect(await answer.gaveUp()).toBe(204);
    expect(page.asked).toEqual([undefined, lastId]);
    expect(page.gateway.openai.requests).toHaveLength(1);
    expect(successor.openai.requests).toHaveLength(0);
  });
});
