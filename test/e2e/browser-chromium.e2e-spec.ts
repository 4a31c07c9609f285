import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { Chromium } from '../support/chromium.js';
import { Gateway } from '../support/gateway.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { PageServer } from '../support/page-server.js';
import { isMissing } from '../support/system-parts.js';
import { failsWith } from '../support/upstream-scripts.js';

/** What a page got out of a fetch: what it may read of it, or why it may read nothing. */
interface PageView {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly error?: string;
}

type Tab = Awaited<ReturnType<Chromium['open']>>;

const messages = [{ role: 'user', content: 'Hi' }];

const post = (body: object, headers: object = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

describe.skipIf(isMissing('chromium'))('In Chromium, a page of another origin', () => {
  let chromium: Chromium;
  let listed: PageServer;
  let unlisted: PageServer;
  let gateway: Gateway;
  let preflights: number;
  let tab: Tab;

  beforeAll(async () => {
    [chromium, listed, unlisted] = await Promise.all([
      Chromium.launch(),
      PageServer.start(),
      PageServer.start(),
    ]);
    gateway = await Gateway.start({ browsers: { origins: [listed.origin] } });
    gateway.server.on('request', ({ method }: { method: string }) => {
      if (method === 'OPTIONS') preflights += 1;
    });
  });
  afterAll(async () => {
    await chromium.close();
    await Promise.all([listed.close(), unlisted.close(), gateway.close()]);
  });
  afterEach(() => tab.page.close());

  async function openPage(server: PageServer): Promise<void> {
    tab = await chromium.open(server.origin);
    preflights = 0;
  }

  function fetchInPage(path: string, init: object = {}, base = gateway.url): Promise<PageView> {
    return tab.page.evaluate(
      async ([url, options]) => {
        try {
          const response = await fetch(url, options);
          const { status } = response;
          return {
            status,
            headers: Object.fromEntries(response.headers),
            text: await response.text(),
          };
        } catch (error) {
          return { error: String(error) };
        }
      },
      [base + path, init] as const,
    );
  }

  it('streams with the official client, whose headers need a preflight', async () => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    await openPage(listed);
    const asked = gateway.openai.requests.length;
    const answer = await tab.page.evaluate(`(async () => {
      const { default: OpenAI } = await import('/node_modules/openai/index.mjs');
      const client = new OpenAI({
        baseURL: '${gateway.url}/v1', apiKey: 'none', dangerouslyAllowBrowser: true, maxRetries: 0,
      });
      const { data: stream, response } = await client.chat.completions
        .create({ model: 'gpt-only', stream: true, messages: [{ role: 'user', content: 'Hi' }] })
        .withResponse();
      let text = '';
      for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
      return { text, model: response.headers.get('x-sluice-model') };
    })()`);
    expect(answer).toEqual({ text: 'Hello', model: 'gpt-only' });
    expect([preflights, gateway.openai.requests.length - asked]).toEqual([1, 1]);
  });

  it('reads with the official client why it was refused', async () => {
    await openPage(listed);
    const refusal = await tab.page.evaluate(`(async () => {
      const { default: OpenAI } = await import('/node_modules/openai/index.mjs');
      const client = new OpenAI({
        baseURL: '${gateway.url}/v1', apiKey: 'none', dangerouslyAllowBrowser: true, maxRetries: 0,
      });
      return client.chat.completions
        .create({ model: 'nope', messages: [{ role: 'user', content: 'Hi' }] })
        .catch(({ status, code, requestID }) => ({ status, code, requestID }));
    })()`);
    expect(refusal).toEqual({
      status: 404,
      code: 'model_not_found',
      requestID: expect.stringMatching(/./) as string,
    });
  });

  it('streams with EventSource, which asks no permission first', async () => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    await openPage(listed);
    const events = await eventsOf(`${gateway.url}/chat?message=Hi`);
    expect(events).toEqual(['start', 'message', 'message', 'done']);
    expect(preflights).toBe(0);
  });

  it('streams with fetch and Authorization, and reads our headers', async () => {
    gateway.openai.script(openAi.streamsText(['Hello']));
    await openPage(listed);
    const body = { model: 'gpt-only', stream: true, messages };
    const answer = await fetchInPage(
      '/v1/chat/completions',
      post(body, { authorization: 'Bearer none', 'x-request-id': 'page-1' }),
    );
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('data: [DONE]');
    expect(answer.headers).toMatchObject({
      'x-request-id': 'page-1',
      'x-sluice-model': 'gpt-only',
      'x-sluice-backend': 'openai',
      'x-sluice-attempts': '1',
    });
    expect(preflights).toBe(1);
  });

  it('streams with EventSource and a ticket, and stops when it comes again', async () => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    await openPage(listed);
    const asked = gateway.openai.requests.length;
    const made = await fetchInPage(
      '/chat/tickets',
      post({ messages }, { authorization: 'Bearer none' }),
    );
    expect([made.status, preflights]).toEqual([201, 1]);
    const { ticket } = JSON.parse(made.text!) as { ticket: string };
    const url = `${gateway.url}/chat?ticket=${ticket}`;
    expect(await eventsOf(url)).toEqual(['start', 'message', 'message', 'done']);
    expect(await eventsOf(url)).toEqual(['error']);
    expect((await fetchInPage(`/chat?ticket=${ticket}`)).status).toBe(204);
    expect(gateway.openai.requests.length - asked).toBe(1);
  });

  it('reads errors with their headers', async () => {
    gateway.openai.script(failsWith(429, openAiError('slow down'), { 'retry-after': '7' }));
    await openPage(listed);
    const limited = await fetchInPage(
      '/v1/chat/completions',
      post({ model: 'gpt-only', messages }),
    );
    expect(limited.status).toBe(429);
    expect(limited.headers).toMatchObject({
      'retry-after': '7',
      'retry-after-ms': '7000',
      'x-request-id': expect.stringMatching(/./) as string,
    });
    const broken = await fetchInPage('/chat', post({ messages: 'Hi' }));
    expect([broken.status, JSON.parse(broken.text!)]).toEqual([
      400,
      { error: expect.objectContaining({ param: 'messages' }) as object },
    ]);
  });

  it('reads that its key is missing, and that it is over its limits', async () => {
    const teamA = accessKey('team-a', { limits: { requestsPerMinute: 1 } });
    const guarded = await Gateway.start({
      access: { mode: 'keys', keys: [teamA.entry] },
      browsers: { origins: [listed.origin] },
    });
    guarded.openai.script(openAi.streamsText(['Hello']));
    await openPage(listed);
    const ask = (headers: object) =>
      fetchInPage('/chat', post({ model: 'gpt-only', messages }, headers), guarded.url);
    const answers = [await ask({}), await ask(teamA.headers), await ask(teamA.headers)];
    expect(answers.map(({ status }) => status)).toEqual([401, 200, 429]);
    expect(answers[0]!.text).toContain('This request has no key');
    expect(answers[2]!.headers).toMatchObject({
      'x-ratelimit-limit-requests': '1',
      'x-ratelimit-remaining-requests': '0',
      'retry-after': expect.stringMatching(/^\d+$/) as string,
    });
    await guarded.close();
  });

  it('gets nothing where it is not listed, and costs nothing', async () => {
    gateway.openai.script(openAi.streamsText(['Hello']));
    const asked = gateway.openai.requests.length;
    await openPage(unlisted);
    const asks: [string, object?][] = [
      ['/chat?message=Hi'],
      ['/chat?message=Hi', { mode: 'no-cors' }],
      ['/v1/models'],
      ['/openapi.json'],
      ['/chat', post({ messages })],
      [
        '/v1/chat/completions',
        post({ model: 'gpt-only', messages }, { authorization: 'Bearer x' }),
      ],
    ];
    for (const [path, init] of asks) {
      const { status, text, error } = await fetchInPage(path, init);
      // What is opaque has no status and no text.
      expect([path, error ?? [status, text]]).toEqual([
        path,
        init && 'mode' in init ? [0, ''] : 'TypeError: Failed to fetch',
      ]);
    }
    expect(await eventsOf(`${gateway.url}/chat?message=Hi`)).toEqual(['error']);
    const framed = await tab.page.evaluate(`new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.onload = () => resolve('loaded');
      frame.src = '${gateway.url}/chat?message=Hi';
      document.body.append(frame);
    })`);
    expect(framed).toBe('loaded');
    expect(gateway.openai.requests.length).toBe(asked);
  });

  /** What an EventSource of the page hears, up to the end. */
  function eventsOf(url: string): Promise<string[]> {
    return tab.page.evaluate(
      (source) =>
        new Promise<string[]>((resolve) => {
          const heard: string[] = [];
          const chat = new EventSource(source);
          for (const type of ['start', 'message', 'done', 'failed', 'error']) {
            chat.addEventListener(type, () => {
              heard.push(type);
              if (!['done', 'failed', 'error'].includes(type)) return;
              chat.close();
              resolve(heard);
            });
          }
        }),
      url,
    );
  }
});
