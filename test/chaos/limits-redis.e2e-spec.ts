import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DelayingProxy } from '../support/delaying-proxy.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { RedisServer } from '../support/redis-server.js';
import { isMissing } from '../support/system-parts.js';

const MANY = 100_000;

async function statuses(gateway: Gateway, count: number): Promise<number[]> {
  const answers = await Promise.all(
    Array.from({ length: count }, async () => {
      const response = await gateway.complete();
      await response.text();
      return response.status;
    }),
  );
  return answers.toSorted((one, other) => one - other);
}

const left = async (gateway: Gateway) =>
  Number((await gateway.complete({ max_tokens: 1e9 })).headers.get('x-ratelimit-remaining-tokens'));

const isUp = (gateway: Gateway) => gateway.metric('sluice_redis_up');
const says = (gateway: Gateway, words: string) =>
  gateway.log.lines.filter((line) => line.includes(words)).length;

describe.skipIf(isMissing('redis-server'))('limits with Redis', () => {
  let redis: RedisServer;
  const gateways: Gateway[] = [];
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 26, 12) });
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await Promise.all(gateways.splice(0).map((each) => each.close()));
    redis.goOn();
    await redis.kill();
  });

  async function start(limits: object, settings: GatewaySettings = {}): Promise<Gateway> {
    const gateway = await Gateway.start({
      models: [{ id: 'gpt-only', targets: ['openai/gpt'], limits }],
      redis: { url: redis.url },
      ...settings,
    });
    gateways.push(gateway);
    // 12 tokens.
    gateway.openai.script(openAi.streamsText(['Hi']));
    return gateway;
  }

  it('counts the requests of two instances together', async () => {
    const [one, other] = [
      await start({ requestsPerMinute: 10 }),
      await start({ requestsPerMinute: 10 }),
    ];
    const answers = await Promise.all([statuses(one, 20), statuses(other, 20)]);
    expect(answers.flat().filter((status) => status === 200)).toHaveLength(10);
    expect(one.openai.requests.length + other.openai.requests.length).toBe(10);
  });

  it('settles at one instance what the other one sees', async () => {
    const [one, other] = [await start({ tokensPerDay: MANY }), await start({ tokensPerDay: MANY })];
    await statuses(one, 3);
    await vi.waitFor(async () => expect(await left(other)).toBe(MANY - 36));
  });

  it('counts streams that run at both, and lets one in as soon as one has ended', async () => {
    const limits = { concurrentStreams: 1 };
    const [one, other] = [await start(limits), await start(limits)];
    const step = openAi.stepper();
    one.openai.script(step.script);
    const running = one.complete();
    await one.openai.request(0);
    expect(await statuses(other, 1)).toEqual([429]);
    await step.finish();
    await (await running).text();
    await vi.waitFor(async () => expect(await statuses(other, 1)).toEqual([200]));
  });

  it('answers a refusal with its status on /chat, also when Redis takes its time', async () => {
    const proxy = await DelayingProxy.start(redis.port, 30);
    const gateway = await start(
      { requestsPerMinute: 1 },
      { redis: { url: `redis://127.0.0.1:${proxy.port}` } },
    );
    const first = await gateway.get('/chat?message=Hi');
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(await first.text()).toContain('event: done');
    const refused = await gateway.get('/chat?message=Hi');
    expect([refused.status, refused.headers.get('content-type')]).toEqual([
      429,
      'application/json; charset=utf-8',
    ]);
    proxy.close();
  });

  it('goes on from the last known total while Redis is away, says so once, and tells Redis when it is back', async () => {
    const gateway = await start({ tokensPerDay: MANY });
    await statuses(gateway, 2);
    await vi.waitFor(async () => expect(await left(gateway)).toBe(MANY - 24));

    const load = statuses(gateway, 30);
    await redis.kill();
    expect(new Set(await load)).toEqual(new Set([200]));
    expect(new Set(await statuses(gateway, 10))).toEqual(new Set([200]));
    expect(await isUp(gateway)).toBe(0);
    const known = await left(gateway);
    expect(known).toBeLessThanOrEqual(MANY - 42 * 12);

    const meanwhile = statuses(gateway, 30);
    await redis.start();
    expect(new Set(await meanwhile)).toEqual(new Set([200]));
    await vi.waitFor(async () => expect(await isUp(gateway)).toBe(1), 10_000);
    const other = await start({ tokensPerDay: MANY });
    const then = known - 30 * 12;
    await vi.waitFor(async () =>
      expect([await left(gateway), await left(other)]).toEqual([then, then]),
    );
    expect([says(gateway, 'Redis is away'), says(gateway, 'Redis is back')]).toEqual([1, 1]);
  });

  it('lets no request wait for a Redis that answers nothing, and comes back to it', async () => {
    const gateway = await start({ tokensPerDay: MANY });
    await statuses(gateway, 1);
    redis.stall();
    const startedAt = performance.now();
    expect(await statuses(gateway, 20)).toEqual(Array(20).fill(200));
    // All of them waited together, until the first one had waited for long enough.
    expect(performance.now() - startedAt).toBeLessThan(1500);
    const again = performance.now();
    await statuses(gateway, 1);
    expect(performance.now() - again).toBeLessThan(100);
    expect(says(gateway, 'no answer within 100 ms')).toBe(1);
    redis.goOn();
    await vi.waitFor(async () => expect(await isUp(gateway)).toBe(1), 10_000);
    expect(await left(gateway)).toBe(MANY - 22 * 12);
  });

  it('starts, and counts by itself, where there is no Redis yet', async () => {
    await redis.kill();
    const gateway = await start({ requestsPerMinute: 1 });
    expect(await statuses(gateway, 2)).toEqual([200, 429]);
    expect(says(gateway, 'Redis is away')).toBe(1);
    await redis.start();
    await vi.waitFor(async () => expect(await isUp(gateway)).toBe(1), 10_000);
    expect(await statuses(gateway, 1)).toEqual([429]);
  });

  it('never logs its password', async () => {
    await redis.kill();
    redis = await RedisServer.start('--requirepass', 'right-secret');
    const url = (password: string) => `redis://:${password}@127.0.0.1:${redis.port}`;
    const wrong = await start({ requestsPerMinute: 5 }, { redis: { url: url('wrong-secret') } });
    expect([await isUp(wrong), says(wrong, 'WRONGPASS')]).toEqual([0, 1]);
    const right = await start({ requestsPerMinute: 5 }, { redis: { url: url('right-secret') } });
    expect(await isUp(right)).toBe(1);
    expect(wrong.log.text + right.log.text).not.toMatch(/(wrong|right)-secret/);
  });
});
