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

/** How many commands go out together. */
const BATCH = 200;

/** How many leases are told in one command: Redis does nothing else meanwhile. */
const LEASES_AT_ONCE = 1000;

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
      // What Redis refused it has not done. Of what may be done: given back twice it would be a gift;
      // added twice, until the late answer comes, it is none.
      const isDone = amount < 0 && error instanceof RedisAway && error.isSent;
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

  /** A round that takes longer than its time is the next one, too. */
  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    let batch: Promise<unknown>[] = [];
    // Read while it goes on: one that was released meanwhile must not be renewed.
    for (const [name, leases] of this.#running()) {
      if (!this.link.isUp) break;
      const renew = () => this.link.redis.eval(RENEW, 1, leasesKey(name), this.leaseMs, ...leases);
      batch.push(this.link.ask(renew).catch(() => undefined));
      if (batch.length < BATCH) continue;
      await Promise.all(batch);
      batch = [];
    }
    await Promise.all(batch);
    this.#isRenewing = false;
  }

  *#running(): Generator<[name: string, leases: readonly string[]]> {
    const { leases } = this.local;
    // Names that come meanwhile have their time: a round must have an end.
    const names = [...leases.keys()];
    for (const name of names) {
      let some: string[] = [];
      for (const lease of leases.get(name) ?? []) {
        some.push(lease);
        if (some.length < LEASES_AT_ONCE) continue;
        yield [name, some];
        some = [];
      }
      if (some.length > 0) yield [name, some];
    }
  }
}

/** A count may outlive its window: it has its name. It must not be gone before, whatever the clocks say. */
function secondsUntil(endsAt: number): number {
  return Math.max(1, Math.ceil((endsAt - Date.now()) / 1000)) + 60;
}

function leasesKey(name: string): string {
  return `sluice:running:${name}`;
}
