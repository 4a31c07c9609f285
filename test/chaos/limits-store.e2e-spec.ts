import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SharedStore } from '../../src/limits/store/shared-store.js';
import { LocalStore } from '../../src/limits/store/local-store.js';
import { windowAt } from '../../src/limits/window.js';
import { RedisLink } from '../../src/redis/redis-link.js';
import { DelayingProxy } from '../support/delaying-proxy.js';
import { RedisServer } from '../support/redis-server.js';
import { isMissing } from '../support/system-parts.js';

const LEASE_MS = 300;

const day = () => windowAt('n', 'day', Date.now());

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
    leaseMs = LEASE_MS,
  ): Promise<{ store: SharedStore; link: RedisLink }> {
    const link = new RedisLink(url, 100);
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

  it('counts in this process what Redis refuses of one count, and shares all others', async () => {
    const { store: shared, link } = await store();
    const { key } = day();
    await link.redis.rpush(`sluice:used:${key}`, 'no count');
    expect(await shared.add(day(), 1)).toBe(1);
    expect(await shared.add(day(), 1)).toBe(2);
    expect(link.isUp).toBe(true);
    // Nor does it keep Redis away once that was.
    await redis.kill();
    await vi.waitFor(() => expect(link.isUp).toBe(false));
    await shared.add(day(), 1);
    await redis.start();
    await link.redis.rpush(`sluice:used:${key}`, 'no count').catch(() => undefined);
    await vi.waitFor(() => expect(link.isUp).toBe(true), 5000);
  });

  it('renews thousands of leases in one round', async () => {
    // Long enough for a busy machine; one after the other they would take several of them.
    const leaseMs = 1500;
    const [one, other] = [await store(redis.url, leaseMs), await store()];
    const names = Array.from({ length: 3000 }, (_, n) => `caller-${n}`);
    for (const name of names) one.store.acquire(name, 'lease', 1).catch(() => undefined);
    await one.store.acquire('last', 'lease', 1);
    const until = performance.now() + 2 * leaseMs;
    while (performance.now() < until) {
      expect(await other.store.acquire('caller-2999', 'another', 1)).toBe(false);
      expect(await other.store.acquire('caller-0', 'another', 1)).toBe(false);
    }
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
});
