import { EventSource } from 'eventsource';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { Gateway } from '../support/gateway.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { run, snippetWith } from '../support/readme.js';
import { failsWith } from '../support/upstream-scripts.js';

/** What the snippet says to the console of the page. */
type Said = readonly ['log' | 'warn' | 'error', ...unknown[]];

describe("README's snippet for browsers", () => {
  let gateway: Gateway;
  let proxy: CuttingProxy;
  let said: Said[];
  let chat: EventSource;
  beforeEach(async () => {
    gateway = await Gateway.start();
    proxy = await CuttingProxy.start(gateway.url);
    said = [];
  });
  afterEach(async () => {
    chat.close();
    await proxy.close();
    await gateway.close();
  });

  /** In a page, the path is one of the page's own origin. */
  function play(change: (snippet: string) => string = (snippet) => snippet): void {
    const { url } = proxy;
    const PageSource = class extends EventSource {
      constructor(path: string) {
        super(url + path);
      }
    };
    const console = {
      log: (...words: unknown[]) => said.push(['log', ...words]),
      warn: (...words: unknown[]) => said.push(['warn', ...words]),
      error: (...words: unknown[]) => said.push(['error', ...words]),
    };
    const code = change(snippetWith('new EventSource'));
    chat = run(code, { EventSource: PageSource, console }, 'chat') as EventSource;
  }

  const isClosed = async () => {
    await expect.poll(() => chat.readyState).toBe(EventSource.CLOSED);
  };

  it('shows the answer as it grows, and its end', async () => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    play();
    await isClosed();
    expect(said).toEqual([
      ['log', 'Hel'],
      ['log', 'Hello'],
      ['log', 'done', expect.objectContaining({ finishReason: 'stop' })],
    ]);
  });

  it('shows a failure', async () => {
    gateway.openai.script(failsWith(401, openAiError('no')));
    gateway.ollama.script(failsWith(500, '{}'));
    play();
    await isClosed();
    expect(said).toEqual([['warn', 'failed', expect.objectContaining({ retryable: true })]]);
  });

  it('reports a cut, and asks no more', async () => {
    gateway.openai.script(openAi.stallsAfter(['Hel']));
    play();
    await expect.poll(() => said.length).toBe(1);
    proxy.cut();
    await isClosed();
    expect(said).toEqual([
      ['log', 'Hel'],
      ['error', expect.stringMatching(/^cut/)],
    ]);
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it('reports a refusal', async () => {
    play((snippet) => snippet.replace('/chat?', '/chat/nope?'));
    await isClosed();
    expect(said).toEqual([['error', expect.stringMatching(/^refused/)]]);
  });
});

describe("docs/browsers.md's snippet for tickets", () => {
  let gateway: Gateway;
  let ask: (messages: object, key: string) => Promise<EventSource>;
  beforeEach(async () => {
    gateway = await Gateway.start();
    const code = snippetWith('/chat/tickets', 'docs/browsers.md');
    const here = code.replaceAll('https://sluice.example.com', gateway.url);
    ask = run(here, { EventSource, fetch }, 'ask') as typeof ask;
  });
  afterEach(() => gateway.close());

  it('shows the answer', async () => {
    gateway.openai.script(openAi.streamsText(['Hello']));
    const chat = await ask([{ role: 'user', content: 'Hi' }], 'none');
    const heard = Promise.withResolvers<string>();
    chat.addEventListener('message', ({ data }: { data: string }) => heard.resolve(data));
    expect(await heard.promise).toBe('{"text":"Hello"}');
    chat.close();
  });

  it('says why it was refused', async () => {
    await expect(ask({ role: 'user' }, 'none')).rejects.toThrow('messages must be an array');
  });
});
