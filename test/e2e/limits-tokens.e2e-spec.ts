import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { windowAt } from '../../src/limits/window.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { failsWith } from '../support/upstream-scripts.js';

const NOON = Date.UTC(2026, 10, 26, 12);
const endOfMinute = windowAt('model:gpt-only:tokens:minute', 'minute', NOON).endsAt;

/** 400 bytes: 100 tokens. */
const body = (fields: object = {}) => {
  const request = { model: 'gpt-only', stream: true, ...fields, messages: [{ role: 'user' }] };
  const content = 'x'.repeat(400 - JSON.stringify(request).length - ',"content":""'.length);
  return JSON.stringify({ ...request, messages: [{ role: 'user', content }] });
};

const left = ({ headers }: Response) => Number(headers.get('x-ratelimit-remaining-tokens'));

describe('tokensPerMinute', () => {
  let gateway: Gateway;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOON });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await gateway.close();
  });

  async function start(tokensPerMinute: number, settings: GatewaySettings = {}): Promise<void> {
    const models = [
      {
        id: 'gpt-only',
        targets: ['openai/gpt', 'ollama/llama3'],
        limits: { tokensPerMinute },
      },
    ];
    gateway = await Gateway.start({ models, ...settings });
    // 9 and 3 tokens.
    gateway.openai.script(openAi.streamsText(['Hi']));
  }

  const ask = (fields: object = {}) => gateway.post('/v1/chat/completions', body(fields));

  /** What is left once everything before has ended. */
  async function leftNow(): Promise<number> {
    const limit = Number(
      (await ask({ max_tokens: 1e9 })).headers.get('x-ratelimit-remaining-tokens'),
    );
    return limit;
  }

  it('reserves a quarter of the bytes and 1,000, and settles with what the upstream reports', async () => {
    await start(10_000);
    const first = await ask();
    expect(left(first)).toBe(10_000 - 100 - 1000);
    await first.text();
    expect(await leftNow()).toBe(10_000 - 12);
  });

  it('reserves what the caller lets the model write', async () => {
    await start(10_000);
    expect(left(await ask({ max_tokens: 50 }))).toBe(10_000 - 100 - 50);
  });

  it('takes a negative limit for none, as some servers do', async () => {
    await start(10_000);
    expect(left(await ask({ max_tokens: -1 }))).toBe(10_000 - 1100);
  });

  it.each([1e9, 1e21, 1e300])(
    'takes no more than any model writes, whatever is asked for: %d',
    async (wanted) => {
      await start(1_000_000);
      const first = await ask({ max_tokens: wanted });
      expect(1_000_000 - left(first)).toBe(128_000 + 100);
      await first.text();
      expect(left(await ask({ max_tokens: 50 }))).toBe(1_000_000 - 12 - 150);
    },
  );

  it('takes an image for 1,000 tokens, however many bytes it has', async () => {
    await start(10_000);
    const url = `data:image/png;base64,${'A'.repeat(100_000)}`;
    const content = [{ type: 'image_url', image_url: { url } }];
    const response = await gateway.complete({ messages: [{ role: 'user', content }] });
    expect(left(response)).toBeGreaterThan(10_000 - 1000 - 1000 - 100);
  });

  it('counts chunks, and the prompt by its bytes, where the upstream reports nothing', async () => {
    await start(10_000);
    gateway.openai.script(openAi.streamsText(['one', 'two', 'three'], { usage: 'none' }));
    await (await ask()).text();
    expect(await leftNow()).toBe(10_000 - 100 - 3);
  });

  it('counts what a caller that left has had', async () => {
    await start(10_000);
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const controller = new AbortController();
    const answering = gateway.post('/v1/chat/completions', body(), {}, controller.signal);
    for (const token of ['one', 'two']) await step.next(token);
    const response = await answering;
    const reader = new SseReader(response);
    while (!reader.raw.includes('two')) await reader.next();
    controller.abort();
    await gateway.ended();
    expect(await leftNow()).toBe(10_000 - 100 - 2);
  });

  it('gives everything back when no upstream took the request', async () => {
    await start(10_000);
    gateway.openai.script(failsWith(500, {}));
    gateway.ollama.script(failsWith(429, {}));
    await (await ask()).text();
    expect(await leftNow()).toBe(10_000);
  });

  it('counts an answer of another target once', async () => {
    await start(10_000);
    gateway.openai.script(failsWith(500, {}));
    gateway.ollama.script(ollama.streamsText(['Hi']));
    await (await ask()).text();
    expect(await leftNow()).toBeLessThan(10_000);
    expect(await leftNow()).toBeGreaterThan(10_000 - 100);
  });

  it('refuses what does not fit any more, and says until when', async () => {
    await start(1500);
    const first = ask();
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    await gateway.openai.request(0);
    const refused = await ask();
    expect([refused.status, refused.headers.get('retry-after-ms')]).toEqual([
      429,
      String(endOfMinute - NOON),
    ]);
    const { error } = (await refused.json()) as { error: Record<string, unknown> };
    expect([error['type'], error['code'], error['message']]).toEqual([
      'tokens',
      'rate_limit_exceeded',
      'This request may take 1100 tokens, and 400 of 1500 per minute for the model "gpt-only" are left.',
    ]);
    await step.finish();
    await (await first).text();
  });

  it('tells a client not to come back with what never fits', async () => {
    await start(1000);
    const refused = await ask();
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([429, 'false']);
    for (const name of ['retry-after', 'retry-after-ms'])
      expect(refused.headers.has(name)).toBe(false);
    expect(await refused.text()).toContain('so it never fits: shorten it, or ask for fewer tokens');
    expect((await ask({ max_tokens: 100 })).status).toBe(200);
  });

  it('gives nothing back once the minute is over: in the next one it would be a gift', async () => {
    await start(10_000);
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const answer = ask();
    await gateway.openai.request(0);
    vi.setSystemTime(endOfMinute);
    await step.finish();
    await (await answer).text();
    expect(await leftNow()).toBe(10_000);
  });

  it('counts what went beyond the reservation in the minute in which that became known', async () => {
    await start(10_000);
    const step = openAi.stepper({ usage: 'none' });
    gateway.openai.script(step.script);
    const answer = ask({ max_tokens: 1 });
    await gateway.openai.request(0);
    vi.setSystemTime(endOfMinute);
    for (const token of ['one', 'two', 'three']) await step.next(token);
    await step.finish();
    await (await answer).text();
    // 103 were used, 101 reserved.
    expect(await leftNow()).toBe(10_000 - 2);
  });
});
