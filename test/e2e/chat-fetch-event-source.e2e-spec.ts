import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type EventSourceMessage, fetchEventSource } from '@microsoft/fetch-event-source';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { stallsBeforeHeaders } from '../support/upstream-scripts.js';

const body = JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }] });
const headers = { 'content-type': 'application/json' };

/** A tab that can be hidden: the package lets go of its stream meanwhile. */
class Tab extends EventTarget {
  hidden = false;

  turn(hidden: boolean): void {
    this.hidden = hidden;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

let gateway: Gateway;
let proxy: CuttingProxy;
let tab: Tab;
/** The method and the `Last-Event-ID` of every request that came. */
let asked: [string | undefined, string | undefined][];

beforeEach(async () => {
  gateway = await Gateway.start({ streams: { heartbeatMs: 20 } });
  proxy = await CuttingProxy.start(gateway.url);
  asked = [];
  gateway.server.on('request', ({ method, headers: sent }: IncomingMessage) =>
    asked.push([method, sent['last-event-id'] as string | undefined]),
  );
  tab = new Tab();
  // The package is for browsers.
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('document', tab);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await proxy.close();
  await gateway.close();
});

/** What a page makes of a stream that it reads by POST with the package. */
class Page {
  readonly messages: EventSourceMessage[] = [];
  text = '';
  readonly over: Promise<void>;
  readonly #more = new EventEmitter();

  constructor() {
    this.over = fetchEventSource(`${proxy.url}/chat/gpt-only`, {
      method: 'POST',
      headers,
      body,
      onmessage: (message) => {
        this.messages.push(message);
        // What this throws for makes the package ask again.
        const data = JSON.parse(message.data) as { text?: string };
        if (message.event === 'message') this.text += data.text;
        this.#more.emit('message');
      },
      // The package's own wait is the 3 s that Sluice asks for.
      onerror: () => 1,
    });
  }

  get events(): string[] {
    return this.messages.map(({ event }) => event).filter((event) => event !== 'heartbeat');
  }

  async has(text: string): Promise<void> {
    while (this.text !== text) await once(this.#more, 'message');
  }
}

const interrupted = { code: 'stream_interrupted', retryable: true };
const anId = (n: number) => expect.stringMatching(new RegExp(`^[\\w-]+:${n}$`)) as string;

describe('fetch-event-source', () => {
  it('gets nothing but events with a name and data, and asks once', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const page = new Page();
    await step.next('Hel');
    await page.has('Hel');
    await expect.poll(() => page.messages.at(-1)?.event).toBe('heartbeat');
    await step.next('lo');
    await step.finish();
    await page.over;
    expect(page.text).toBe('Hello');
    expect(page.events).toEqual(['start', 'message', 'message', 'done']);
    for (const { event, id } of page.messages) expect(id === '').toBe(event === 'heartbeat');
    expect(asked).toEqual([['POST', undefined]]);
  });

  it('shows no text twice when the connection is cut, and is told so', async () => {
    gateway.openai.script(openAi.stallsAfter(['Hel', 'lo']));
    const page = new Page();
    await page.has('Hello');
    proxy.cut();
    await gateway.openai.left(0);
    await page.over;
    expect(page.text).toBe('Hello');
    expect(page.events).toEqual(['start', 'message', 'message', 'failed']);
    expect(JSON.parse(page.messages.at(-1)!.data)).toMatchObject(interrupted);
    expect(asked).toEqual([
      ['POST', undefined],
      ['POST', anId(2)],
    ]);
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it('starts no second generation when it is cut before the first token', async () => {
    gateway.openai.script(stallsBeforeHeaders());
    const page = new Page();
    await expect.poll(() => page.events).toEqual(['start']);
    proxy.cut();
    await page.over;
    expect(page.events).toEqual(['start', 'failed']);
    expect(asked.at(-1)).toEqual(['POST', anId(0)]);
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it('starts no second generation when its tab was hidden', async () => {
    gateway.openai.script(openAi.stallsAfter(['Hel']));
    const page = new Page();
    await page.has('Hel');
    tab.turn(true);
    await gateway.openai.left(0);
    tab.turn(false);
    await page.over;
    expect(page.events).toEqual(['start', 'message', 'failed']);
    expect(gateway.openai.requests).toHaveLength(1);
  });
});

/** How generated clients read: whatever has data is JSON; after a break they ask again with the last id. */
async function* naivePost(url: string): AsyncGenerator<Record<string, unknown>> {
  let lastId: string | undefined;
  for (;;) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, ...(lastId !== undefined && { 'last-event-id': lastId }) },
      body,
    });
    const reader = new SseReader(response);
    for (let item = await reader.next(); item; item = await reader.next()) {
      if (item.id !== undefined) lastId = item.id;
      if (item.data !== undefined) yield JSON.parse(item.data) as Record<string, unknown>;
    }
    if (reader.ended === 'clean') return;
  }
}

describe('a generated client that reconnects by POST', () => {
  it('reads every piece once, then that the stream was interrupted, and stops', async () => {
    gateway.openai.script(openAi.stallsAfter(['Hel', 'lo']));
    const said: Record<string, unknown>[] = [];
    for await (const data of naivePost(`${proxy.url}/chat/gpt-only`)) {
      said.push(data);
      if (data['text'] === 'lo') proxy.cut();
    }
    expect(said.map((data) => data['text']).filter((text) => text !== undefined)).toEqual([
      'Hel',
      'lo',
    ]);
    expect(said.at(-1)).toMatchObject(interrupted);
    expect([asked.length, gateway.openai.requests.length]).toEqual([2, 1]);
  });
});
