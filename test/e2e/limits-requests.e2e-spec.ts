import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { windowAt } from '../../src/limits/window.js';
import { accessKey } from '../support/access-key.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { failsWith } from '../support/upstream-scripts.js';

const alice = accessKey('alice', { limits: { requestsPerMinute: 2 } });
const bob = accessKey('bob');
const NOON = Date.UTC(2026, 10, 26, 12);

function headersOf({ headers }: Response, kind: 'requests' | 'tokens'): unknown[] {
  return ['limit', 'remaining', 'reset'].map((what) => headers.get(`x-ratelimit-${what}-${kind}`));
}

describe('requestsPerMinute', () => {
  let gateway: Gateway;
  beforeEach(() => {
    // Only what day and second it is: a minute must not end in the middle of a test.
    vi.useFakeTimers({ toFake: ['Date'], now: NOON });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await gateway.close();
  });

  async function start(settings: GatewaySettings = {}): Promise<void> {
    const access = { mode: 'keys', keys: [alice.entry, bob.entry] };
    gateway = await Gateway.start({ access, ...settings });
    gateway.openai.script(openAi.streamsText(['Hi']));
  }

  async function ask(fields = {}, key = alice): Promise<Response> {
    const response = await gateway.complete(fields, key.headers);
    await response
      .clone()
      .text()
      .catch(() => '');
    return response;
  }

  it('refuses what is beyond the limit of a caller with the status, code and headers of OpenAI', async () => {
    await start();
    const [first, second, third] = [await ask(), await ask(), await ask()];
    expect([first.status, second.status, third.status]).toEqual([200, 200, 429]);
    const { error } = (await third.json()) as { error: Record<string, unknown> };
    expect([error['type'], error['code']]).toEqual(['requests', 'rate_limit_exceeded']);
    expect(error['message']).toBe(
      'There may be 2 requests per minute for this caller: try again when the next minute begins.',
    );
    const waitMs = windowAt('caller:alice:requests:minute', 'minute', NOON).endsAt - NOON;
    expect(third.headers.get('retry-after-ms')).toBe(String(waitMs));
    expect(third.headers.get('retry-after')).toBe(String(Math.ceil(waitMs / 1000)));
    expect(third.headers.get('x-should-retry')).toBe('true');
    const reset = `${Math.ceil(waitMs / 1000)}s`;
    expect([first, second, third].map((each) => headersOf(each, 'requests'))).toEqual([
      ['2', '1', reset],
      ['2', '0', reset],
      ['2', '0', reset],
    ]);
    expect(gateway.openai.requests).toHaveLength(2);
  });

  it('counts each caller for itself, and begins anew with the next minute', async () => {
    await start();
    await ask();
    await ask();
    expect((await ask({}, bob)).status).toBe(200);
    expect((await ask()).status).toBe(429);
    vi.setSystemTime(windowAt('caller:alice:requests:minute', 'minute', NOON).endsAt);
    expect(headersOf(await ask(), 'requests')).toEqual(['2', '1', '1m0s']);
  });

  it('says nothing of limits to a caller that has none', async () => {
    await start();
    expect(headersOf(await ask({}, bob), 'requests')).toEqual([null, null, null]);
  });

  it('counts all callers of a model together, and tells of the limit with the least left', async () => {
    await start({
      models: [{ id: 'gpt-only', targets: ['openai/gpt'], limits: { requestsPerMinute: 3 } }],
    });
    await ask({}, bob);
    await ask({}, bob);
    expect(headersOf(await ask(), 'requests').slice(0, 2)).toEqual(['3', '0']);
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain('for the model \\"gpt-only\\"');
  });

  it('answers 429 on /chat, too, so that an EventSource stops', async () => {
    await start();
    await ask();
    await ask();
    const refused = await gateway.get('/chat/gpt-only?message=Hi', alice.headers);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([
      429,
      'application/json; charset=utf-8',
    ]);
    expect(headersOf(refused, 'requests').slice(0, 2)).toEqual(['2', '0']);
  });

  it('has its headers on streams of /chat, on whole answers, and on failures that come later', async () => {
    await start({ access: { limits: { requestsPerMinute: 9 } } });
    gateway.openai.script(openAi.streamsText(['Hi']), openAi.answersText('Hi'), failsWith(500, {}));
    const answers = [
      await gateway.get('/chat/gpt-only?message=Hi'),
      await gateway.complete({ stream: false }),
      await gateway.complete(),
    ];
    await Promise.all(answers.map((each) => each.text()));
    expect(
      answers.map((each) => [each.status, ...headersOf(each, 'requests').slice(0, 2)]),
    ).toEqual([
      [200, '9', '8'],
      [200, '9', '7'],
      [502, '9', '6'],
    ]);
  });

  it('does not count what is refused before a generation, or finds no room', async () => {
    await start({
      access: { limits: { requestsPerMinute: 2 } },
      room: { openai: 1 },
      limits: { queue: { size: 0 } },
    });
    const step = openAi.stepper();
    gateway.openai.script(step.script, openAi.streamsText(['Hi']));
    const running = gateway.complete();
    await gateway.openai.request(0);
    const noRoom = await gateway.complete();
    expect([noRoom.status, (await gateway.complete({ n: 'two' })).status]).toEqual([503, 400]);
    await step.finish();
    await (await running).text();
    const last = await gateway.complete();
    expect([last.status, ...headersOf(last, 'requests').slice(0, 2)]).toEqual([200, '2', '0']);
  });

  it('counts addresses in open mode each for itself', async () => {
    await start({ access: { limits: { requestsPerMinute: 1 } } });
    const statusFrom = async (localAddress: string) => {
      const asking = get(`${gateway.url}/chat/gpt-only?message=Hi`, { localAddress, agent: false });
      const [response] = await once(asking, 'response');
      await text(response);
      return response.statusCode as number;
    };
    const refusals = { fault: 'rate_limited' };
    const before = await gateway.metric('llm_rejections_total', refusals);
    expect(await statusFrom('127.0.0.1')).toBe(200);
    expect(await statusFrom('127.0.0.1')).toBe(429);
    expect(await statusFrom('127.0.0.2')).toBe(200);
    expect((await gateway.metric('llm_rejections_total', refusals)) - before).toBe(1);
    const limited = { caller: 'anonymous', limit: 'requestsPerMinute', of: 'caller' };
    expect(await gateway.metric('llm_limit_refusals_total', limited)).toBe(1);
  });

  it('names its headers to pages of other origins', async () => {
    await start({
      access: { limits: { requestsPerMinute: 1 } },
      browsers: { origins: ['https://app.example'] },
    });
    const { headers } = await gateway.complete({}, { origin: 'https://app.example' });
    expect(headers.get('access-control-expose-headers')).toContain('x-ratelimit-remaining-tokens');
  });
});
