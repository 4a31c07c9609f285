import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SharedStore } from '../../src/limits/store/shared-store.js';
import { LocalStore } from '../../src/limits/store/local-store.js';
import { windowAt } from '../../src/limits/window.js';
import { RedisLink } from '../../src/redis/redis-link.js';
import { DelayingProxy } from '../support/delaying-proxy.js';
import { RedisServer } from '../support/redis-server.js';
import { isMissing } from '../support/system-parts.js';

const LEASE_MS = 300;
const MAX_INT64 = '9223372036854775807';

const day = () => windowAt('n', 'day', Date.now());
const key = () => `sluice:used:${day().key}`;

/** What somebody else may have written there. */
const POISONS = [
  ['a list in its place', ({ redis }: RedisLink) => redis.lpush(key(), 'x')],
  ['a text in its place', ({ redis }: RedisLink) => redis.set(key(), 'garbage')],
  ['a number that overflows', ({ redis }: RedisLink) => redis.set(key(), MAX_INT64)],
] as const;

describe.skipIf(isMissing('redis-server'))('SharedStore', () => {
  let redis: RedisServer;
  const links: RedisLink[] = [];
  const stores: SharedStore[] = [];
  beforeEach(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    for (const each of stores.splice(0)) each.onApplicationShutdown();
    await Promise.all(links.splice(0).map((each) => each.onApplicationShutdown()));
    redis.goOn();
    await redis.kill();
  });

  async function store(
    url = redis.url,
    commandMs = 100,
    leaseMs = LEASE_MS,
  ): Promise<{ store: SharedStore; link: RedisLink }> {
    const link = new RedisLink(url, commandMs);
    const made = new SharedStore(link, new LocalStore(), leaseMs);
    links.push(link);
    stores.push(made);
    await link.onModuleInit();
    made.onModuleInit();
    return { store: made, link };
  }

  it('renews the leases of streams that run, and lets those of a process that is gone expire', async () => {
    const [one, other] = [await store(), await store()];
    expect(await one.store.acquire('n', 'lease', 1)).toBe(true);
    const until = performance.now() + 3 * LEASE_MS;
    while (performance.now() < until) {
      expect(await other.store.acquire('n', 'another', 1)).toBe(false);
    }
    // As a killed one does: it says nothing more.
    one.store.onApplicationShutdown();
    await vi.waitFor(async () => expect(await other.store.acquire('n', 'another', 1)).toBe(true));
  });

  it('gives back to Redis only what it has: after a restart that would be a gift', async () => {
    const { store: shared } = await store();
    await shared.add(day(), 100);
    await links[0]!.redis.flushall();
    expect(await shared.add(day(), -90)).toBe(0);
    expect(await shared.add(day(), 1)).toBe(1);
  });

  it('counts once what was answered too late, and everything that came while nobody answered', async () => {
    const { store: shared, link } = await store();
    await shared.add(day(), 1);
    redis.stall();
    expect(await shared.add(day(), 10)).toBe(11);
    expect(link.isUp).toBe(false);
    expect(await shared.add(day(), 100)).toBe(111);
    expect(await shared.add(day(), -5)).toBe(106);
    redis.goOn();
    await vi.waitFor(() => expect(link.isUp).toBe(true), 5000);
    expect(await shared.add(day(), 0)).toBe(106);
    const { store: other } = await store();
    expect(await other.add(day(), 0)).toBe(106);
  });

  it('brings what several replicas knew and owed to a Redis that restarted empty', async () => {
    const [one, other] = [await store(), await store()];
    await one.store.add(day(), 100);
    await other.store.add(day(), 1000);
    await redis.kill();
    await vi.waitFor(() => expect([one.link.isUp, other.link.isUp]).toEqual([false, false]));
    await one.store.add(day(), 1);
    await other.store.add(day(), 10);
    await redis.start();
    await vi.waitFor(() => expect([one.link.isUp, other.link.isUp]).toEqual([true, true]), 5000);
    expect(await one.store.add(day(), 0)).toBe(1111);
  });

  it('keeps counts of USD beyond what Lua prints as a whole number', async () => {
    const { store: shared, link } = await store();
    const million = 1e15;
    await shared.add(day(), million);
    await redis.kill();
    await vi.waitFor(() => expect(link.isUp).toBe(false));
    await shared.add(day(), 1);
    await redis.start();
    await vi.waitFor(() => expect(link.isUp).toBe(true), 5000);
    expect(await shared.add(day(), 1)).toBe(million + 2);
  });

  it('sends nothing more to a Redis that is slow: nothing piles up', async () => {
    const proxy = await DelayingProxy.start(redis.port, 0);
    const { store: shared, link } = await store(`redis://127.0.0.1:${proxy.port}`);
    proxy.delayMs = 400;
    await shared.add(day(), 1);
    const sent = vi.spyOn(link.redis, 'sendCommand');
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 1000 }, () => shared.add(day(), 1)));
    expect(performance.now() - startedAt).toBeLessThan(100);
    expect(sent.mock.calls.length).toBeLessThan(3);
    proxy.delayMs = 0;
    await vi.waitFor(() => expect(link.isUp).toBe(true), 5000);
    expect(await shared.add(day(), 0)).toBe(1001);
    proxy.close();
  });

  describe.each(POISONS)('with %s', (_, poison) => {
    it('counts that one in this process, and shares all others', async () => {
      const { store: shared, link } = await store();
      const { store: another } = await store();
      await shared.add(day(), 5);
      await link.redis.del(key());
      await poison(link);
      expect(await shared.add(day(), 10)).toBe(15);
      expect(await shared.add(day(), -3)).toBe(12);
      expect(link.isUp).toBe(true);
      const other = windowAt('other', 'day', Date.now());
      await shared.add(other, 1);
      expect(await another.add(other, 1)).toBe(2);
    });

    it('is back after an outage, and then tells it of all others', async () => {
      const { store: shared, link } = await store();
      const other = windowAt('other', 'day', Date.now());
      await shared.add(day(), 5);
      await link.redis.del(key());
      await poison(link);
      redis.stall();
      await shared.add(day(), 10);
      await shared.add(other, 7);
      expect(link.isUp).toBe(false);
      redis.goOn();
      await vi.waitFor(() => expect(link.isUp).toBe(true), 5000);
      expect(await (await store()).store.add(other, 0)).toBe(7);
    });
  });

  it.each(['nan', 'inf', '-7', '1e300', MAX_INT64])(
    'repairs a count of %s when it is back',
    async (value) => {
      const { store: shared, link } = await store();
      await shared.add(day(), 5);
      await link.redis.set(key(), value);
      redis.stall();
      await shared.add(windowAt('other', 'day', Date.now()), 1);
      redis.goOn();
      await vi.waitFor(() => expect(link.isUp).toBe(true), 5000);
      expect(await shared.add(day(), 1)).toBe(6);
    },
  );

  it('finds room in this process where Redis refuses a lease, and stays up', async () => {
    const { store: shared, link } = await store();
    await link.redis.set('sluice:running:n', 'garbage');
    expect(await shared.acquire('n', 'one', 1)).toBe(true);
    expect(await shared.acquire('n', 'two', 1)).toBe(false);
    await shared.release('n', 'one');
    expect(await shared.acquire('n', 'two', 1)).toBe(true);
    expect(link.isUp).toBe(true);
  });

  it.each([
    ['a full memory', ['maxmemory', '1'], ['maxmemory', '0']],
    ['too few replicas', ['min-replicas-to-write', '1'], ['min-replicas-to-write', '0']],
  ] as const)('counts by itself at a Redis with %s, and is back after it', async (_, on, off) => {
    const { store: shared, link } = await store();
    await shared.add(day(), 5);
    await link.redis.config('SET', ...on);
    expect(await shared.add(day(), 10)).toBe(15);
    // It was refused, so it is owed: nothing was done.
    expect(await shared.add(day(), -3)).toBe(12);
    expect(link.isUp).toBe(false);
    await link.redis.config('SET', ...off);
    await vi.waitFor(() => expect(link.isUp).toBe(true), 5000);
    expect(await (await store()).store.add(day(), 0)).toBe(12);
  });

  it('gives back later what a full Redis refused to take back', async () => {
    const { store: shared, link } = await store();
    await shared.add(day(), 10);
    await link.redis.config('SET', 'maxmemory', '1');
    expect(await shared.add(day(), -3)).toBe(7);
    await link.redis.config('SET', 'maxmemory', '0');
    await vi.waitFor(() => expect(link.isUp).toBe(true), 5000);
    expect(await (await store()).store.add(day(), 0)).toBe(7);
  });

  it('is away, and stays so, where its user may run no scripts', async () => {
    const { link: admin } = await store();
    await admin.redis.acl('SETUSER', 'u', 'on', '>p', '~*', '+@all', '-@scripting');
    const { store: shared, link } = await store(redis.url.replace('//', '//u:p@'));
    expect(link.isUp).toBe(false);
    expect(await shared.add(day(), 1)).toBe(1);
  });

  it('renews thousands of leases in time at a Redis that is 5 ms away', async () => {
    const proxy = await DelayingProxy.start(redis.port, 5);
    const { store: shared, link } = await store(`redis://127.0.0.1:${proxy.port}`, 2000, 2500);
    const { link: near } = await store();
    const names = Array.from({ length: 2000 }, (_, n) => `n${n}`);
    await Promise.all(names.map((name) => shared.acquire(name, 'lease', 1)));
    await Promise.all(names.map((name) => shared.acquire('one', name, names.length)));
    for (let checks = 0; checks < 5; checks += 1) {
      await pause(800);
      const running = names.map((name) => near.redis.exists(`sluice:running:${name}`));
      expect((await Promise.all(running)).filter((isThere) => isThere === 0)).toEqual([]);
      expect(await near.redis.zcard('sluice:running:one')).toBe(names.length);
    }
    expect(link.isUp).toBe(true);
    proxy.close();
  });

  it('begins no round of renewals before the last one has ended', async () => {
    const { store: shared, link } = await store();
    await shared.acquire('n', 'lease', 1);
    const reply = Promise.withResolvers<number>();
    const renewals = vi.spyOn(link, 'ask').mockReturnValue(reply.promise);
    await vi.waitFor(() => expect(renewals).toHaveBeenCalled());
    const until = performance.now() + 2 * LEASE_MS;
    await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(until), 5000);
    expect(renewals).toHaveBeenCalledOnce();
    reply.resolve(1);
    await vi.waitFor(() => expect(renewals).toHaveBeenCalledTimes(2));
    renewals.mockRestore();
  });

  it('is up from the start, though the event loop stands still for longer than that waits', async () => {
    const link = new RedisLink(redis.url, 100);
    links.push(link);
    const told: boolean[] = [];
    const watched = new RedisLink(redis.url, 100, (isUp) => told.push(isUp));
    links.push(watched);
    const starting = [link.onModuleInit(), watched.onModuleInit()];
    for (const each of [link, watched]) {
      each.redis.once('connect', () => standStill(600));
      each.redis.once('ready', () => standStill(600));
    }
    await Promise.all(starting);
    expect([link.isUp, watched.isUp]).toEqual([true, true]);
    expect(told).toEqual([false, true]);
  });

  it('waits for no longer than a second for a Redis that answers nothing', async () => {
    redis.stall();
    const startedAt = performance.now();
    const { link } = await store();
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(link.isUp).toBe(false);
  });
});

/** As loading a configuration with a thousand models does. */
function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
