import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { RedisAway, type RedisLink } from '../../redis/redis-link.js';
import type { Window } from '../window.js';
import { Debts } from './debts.js';
import { LocalStore } from './local-store.js';
import { ACQUIRE, ADD, redisKey, RENEW } from './lua.js';
import type { UsageStore } from './usage-store.js';

/** After so long without renewal what runs is taken for killed. */
const LEASE_MS = 10_000;

/** How many leases are renewed by one command, and how many commands are on their way at once. */
const BATCH = 200;

/**
 * Counts together with other replicas, in Redis. Every total that comes from there is noted here,
 * so that while Redis is away the last known one and what this process adds to it hold; once it is
 * back it is told of that.
 */
export class SharedStore implements UsageStore, OnModuleInit, OnApplicationShutdown {
  readonly #counts: RateLimiterRedis;
  readonly #debts: Debts;
  #renewing: NodeJS.Timeout | undefined;
  #isRenewing = false;

  constructor(
    private readonly link: RedisLink,
    private readonly local = new LocalStore(),
    private readonly leaseMs = LEASE_MS,
  ) {
    this.#counts = new RateLimiterRedis({
      storeClient: link.redis,
      points: 0,
      duration: 0,
      keyPrefix: '',
      customIncrTtlLuaScript: ADD,
    });
    this.#debts = new Debts(local);
    link.onReturn((redis) => this.#debts.pay(redis));
  }

  onModuleInit(): void {
    this.#renewing = setInterval(() => void this.#renew(), this.leaseMs / 3).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#renewing);
  }

  async add(window: Window, amount: number): Promise<number> {
    const options = { customDuration: secondsUntil(window.endsAt) };
    try {
      const { consumedPoints } = await this.link.ask(
        () => this.#counts.penalty(redisKey(window.key), amount, options),
        () => amount > 0 && this.#debts.owe(window, -amount),
      );
      await this.local.set(window, consumedPoints);
      return consumedPoints;
    } catch (error) {
      // Given back twice it would be a gift; added twice, until the late answer comes, it is none. What
      // Redis refuses of this count it would refuse again.
      const isDone = !(error instanceof RedisAway) || (amount < 0 && error.isSent);
      if (!isDone) this.#debts.owe(window, amount);
      return this.local.add(window, amount);
    }
  }

  async acquire(name: string, lease: string, limit: number): Promise<boolean> {
    const ask = () => this.link.redis.eval(ACQUIRE, 1, leasesKey(name), lease, limit, this.leaseMs);
    try {
      const acquired = await this.link.ask(ask, () => void this.#releaseUnheld(name, lease));
      if (acquired !== 1) return false;
      this.local.hold(name, lease);
      return true;
    } catch {
      return this.local.acquire(name, lease, limit);
    }
  }

  async release(name: string, lease: string): Promise<void> {
    if (!this.local.holds(name, lease)) return;
    await this.local.release(name, lease);
    await this.#releaseUnheld(name, lease);
  }

  async #releaseUnheld(name: string, lease: string): Promise<void> {
    if (this.local.holds(name, lease)) return;
    // Where it cannot be told it expires.
    await this.link.ask(() => this.link.redis.zrem(leasesKey(name), lease)).catch(() => undefined);
  }

  /** Many at once, or a round of thousands of callers would take longer than a lease. */
  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const all = [...this.local.leases].flatMap(([name, leases]) =>
      batchesOf([...leases]).map((batch) => ({ name, batch })),
    );
    for (const some of batchesOf(all)) await Promise.all(some.map((each) => this.#renewSome(each)));
    this.#isRenewing = false;
  }

  async #renewSome({ name, batch }: { name: string; batch: readonly string[] }): Promise<void> {
    const renew = () => this.link.redis.eval(RENEW, 1, leasesKey(name), this.leaseMs, ...batch);
    await this.link.ask(renew).catch(() => undefined);
  }
}

function batchesOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / BATCH);
  return Array.from({ length: count }, (_, n) => items.slice(n * BATCH, (n + 1) * BATCH));
}

/** A count may outlive its window: it has its name. It must not be gone before, whatever the clocks say. */
function secondsUntil(endsAt: number): number {
  return Math.max(1, Math.ceil((endsAt - Date.now()) / 1000)) + 60;
}

function leasesKey(name: string): string {
  return `sluice:running:${name}`;
}
