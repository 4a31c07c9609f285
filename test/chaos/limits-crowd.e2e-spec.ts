import OpenAI, { RateLimitError } from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { windowAt } from '../../src/limits/window.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';

const CALLERS = 100;
const endOfMinute = windowAt(
  'model:gpt-only:requests:minute',
  'minute',
  Date.UTC(2026, 10, 26, 12),
).endsAt;

describe('a hundred callers with the official client over a limit', () => {
  let gateway: Gateway;
  afterEach(async () => {
    vi.useRealTimers();
    await gateway.close();
  });

  async function start(limits: object, now: number): Promise<OpenAI> {
    vi.useFakeTimers({ toFake: ['Date'], now });
    gateway = await Gateway.start({
      models: [{ id: 'gpt-only', targets: ['openai/gpt'], limits }],
    });
    gateway.openai.script(openAi.answersText('Hi'));
    return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 2 });
  }

  /** What became of each, and how many requests Sluice got. */
  async function crowd(client: OpenAI) {
    let requests = 0;
    gateway.server.on('request', ({ url }) => (requests += url?.startsWith('/v1/chat') ? 1 : 0));
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const asked = Array.from({ length: CALLERS }, () =>
      client.chat.completions.create({ model: 'gpt-only', messages }),
    );
    return { asked, requests: () => requests };
  }

  it('come back once, when the next minute begins, and are all served', async () => {
    const client = await start({ requestsPerMinute: 60 }, endOfMinute - 3000);
    const servedBefore: number[] = [];
    gateway.server.prependListener('request', ({ headers }) => {
      // It has waited for as long as it was told, by a clock that goes on: the minute has begun.
      if (servedBefore.length > 0 || !Number(headers['x-stainless-retry-count'])) return;
      servedBefore.push(gateway.openai.requests.length);
      vi.setSystemTime(endOfMinute);
    });
    const { asked, requests } = await crowd(client);
    const answers = await Promise.all(asked);
    expect(answers.every(({ choices }) => choices[0]?.message.content === 'Hi')).toBe(true);
    expect(servedBefore).toEqual([60]);
    expect([requests(), gateway.openai.requests.length]).toEqual([CALLERS + 40, CALLERS]);
  });

  it('do not come back at all with what never fits', async () => {
    const client = await start({ tokensPerMinute: 500 }, endOfMinute - 30_000);
    const { asked, requests } = await crowd(client);
    const outcomes = await Promise.allSettled(asked);
    for (const outcome of outcomes) {
      expect(outcome.status === 'rejected' && outcome.reason).toBeInstanceOf(RateLimitError);
    }
    expect([requests(), gateway.openai.requests.length]).toEqual([CALLERS, 0]);
  });
});
