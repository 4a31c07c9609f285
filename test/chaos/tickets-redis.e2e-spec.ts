import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { chatEvents, textOf } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { RedisServer } from '../support/redis-server.js';
import { isMissing } from '../support/system-parts.js';

const teamA = accessKey('team-a');
const teamB = accessKey('team-b');
const body = { model: 'gpt-only', messages: [{ role: 'user', content: 'a private question' }] };

const ask = (gateway: Gateway, { headers } = teamA) => gateway.post('/chat/tickets', body, headers);
const use = (gateway: Gateway, ticket: string) => gateway.get(`/chat?ticket=${ticket}`);

async function issued(gateway: Gateway): Promise<string> {
  const response = await ask(gateway);
  expect(response.status).toBe(201);
  return ((await response.json()) as { ticket: string }).ticket;
}

describe.skipIf(isMissing('redis-server'))('Tickets of two instances with Redis', () => {
  let redis: RedisServer;
  let one: Gateway;
  let other: Gateway;
  beforeEach(async () => {
    redis = await RedisServer.start();
    [one, other] = await Promise.all([start(), start()]);
  });
  afterEach(async () => {
    redis.goOn();
    await Promise.all([one.close(), other.close()]);
    await redis.kill();
  });

  async function start(): Promise<Gateway> {
    const gateway = await Gateway.start({
      access: { mode: 'keys', keys: [teamA.entry, teamB.entry] },
      redis: { url: redis.url, commandMs: 300 },
    });
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    return gateway;
  }

  async function withRedis<T>(look: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(redis.url);
    try {
      return await look(client);
    } finally {
      client.disconnect();
    }
  }

  /** How many of both know Redis to be away. Nest has one logger for them: the last one's. */
  function awayCount(): number {
    const lines = [...one.log.lines, ...other.log.lines].join('\n');
    return lines.split('Redis is away').length - lines.split('Redis is back').length;
  }

  it('are good at the other one, once', async () => {
    const ticket = await issued(one);
    const response = await use(other, ticket);
    expect(response.status).toBe(200);
    expect(textOf(await chatEvents(response))).toBe('Hello');
    expect(await other.ended()).toMatchObject({ caller: 'team-a', endReason: 'completed' });
    expect([(await use(one, ticket)).status, (await use(other, ticket)).status]).toEqual([
      204, 204,
    ]);
  });

  it('are good once when both are asked at the same time', async () => {
    const ticket = await issued(one);
    const answers = await Promise.all([one, other, one, other].map((each) => use(each, ticket)));
    const statuses = answers.map(({ status }) => status);
    await Promise.all(answers.map((answer) => answer.text()));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 204)).toHaveLength(3);
  });

  it('are counted together, 100 of a caller, and no longer when the other took them', async () => {
    const tickets: string[] = [];
    for (let n = 0; n < 50; n += 1) tickets.push(await issued(one), await issued(other));
    expect([(await ask(one)).status, (await ask(other)).status]).toEqual([429, 429]);
    expect((await ask(one, teamB)).status).toBe(201);
    await (await use(other, tickets[0]!)).text();
    expect((await ask(one)).status).toBe(201);
  });

  it('show nothing of a key, a conversation or themselves to who reads Redis, and go in a minute', async () => {
    const ticket = await issued(one);
    await withRedis(async (client) => {
      const keys = await client.keys('sluice:ticket*');
      expect(keys).toHaveLength(2);
      for (const key of keys) {
        const dump = (await client.dumpBuffer(key))?.toString('latin1') ?? '';
        expect(key + dump).not.toMatch(/private|sk-sluice|team-a|authorization/);
        expect(key + dump).not.toContain(ticket);
        expect(await client.pttl(key)).toSatisfy((ms: number) => ms > 0 && ms <= 60_000);
      }
    });
  });

  it('are good where they were made while Redis is away, and everywhere once it is back', async () => {
    await redis.kill();
    await expect.poll(awayCount, { timeout: 10_000 }).toBe(2);
    const ticket = await issued(one);
    const elsewhere = await use(other, ticket);
    expect([elsewhere.status, elsewhere.headers.has('retry-after')]).toEqual([503, true]);
    await elsewhere.text();
    expect(textOf(await chatEvents(await use(one, ticket)))).toBe('Hello');
    await redis.start();
    await expect.poll(awayCount, { timeout: 10_000 }).toBe(0);
    expect((await use(other, ticket)).status).toBe(204);
    expect(textOf(await chatEvents(await use(other, await issued(one))))).toBe('Hello');
  });

  it('are in one place only when Redis is too slow, and nobody waits for it', async () => {
    redis.stall();
    const asked = performance.now();
    const [first, second] = [await ask(one), await ask(one)];
    expect(performance.now() - asked).toBeLessThan(2000);
    // It may be in Redis: the first is refused. Then it is known to be away.
    expect([first.status, second.status]).toEqual([503, 201]);
    redis.goOn();
  });

  it('leave nothing behind of one that Redis refused', async () => {
    await withRedis((client) => client.config('SET', 'maxmemory', '1'));
    await (await ask(one)).text();
    await withRedis(async (client) => {
      await client.config('SET', 'maxmemory', '0');
      expect(await client.keys('sluice:ticket*')).toEqual([]);
    });
  });

  it('are answered with an error of ours where a key of theirs is none, and Redis stays up', async () => {
    const ticket = await issued(one);
    await withRedis(async (client) => {
      const keys = await client.keys('sluice:ticket*');
      await client.del(...keys);
      for (const key of keys) await client.hset(key, 'field', 'garbage');
    });
    for (const response of [await ask(one), await use(other, ticket)]) {
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await response.text()).toContain('make another one');
    }
    expect(awayCount()).toBe(0);
    expect((await ask(one, teamB)).status).toBe(201);
  });
});
