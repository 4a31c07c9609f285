import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Redis } from 'ioredis';
import { isOfOneCommand, isReplyError, reasonOf } from './reply-errors.js';

/** How often Redis is tried again once it did not answer. */
const PROBE_EVERY_MS = 500;

/** A probe that takes so long is on a connection that nobody holds any more. */
const DEAD_MS = 3000;

/** A write as all of ours are: a user who may run no scripts could set a key. */
const PROBE = `return redis.call('set', KEYS[1], '1', 'PX', 1000)`;

/** How long a start waits for Redis: requests that come at once shall find it. */
const START_MS = 1000;
const START_STEP_MS = 50;

/** Nobody answered, or not in time. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway';

  /** @param isSent it may have been done nevertheless */
  constructor(readonly isSent: boolean) {
    super('Redis is away');
  }
}

/** What is owed to Redis is brought there before it counts as back. */
type Return = (redis: Redis) => Promise<void>;

/**
 * The one connection to Redis, which is either up or away. No command waits longer than
 * `commandMs`; the first that would have to makes it away, and from then on commands fail at once
 * until a write comes through again. So nothing piles up in front of a Redis that is slow or gone.
 */
export class RedisLink implements OnModuleInit, OnApplicationShutdown {
  readonly redis: Redis;
  readonly #logger = new Logger('Redis');
  readonly #returns: Return[] = [];
  readonly #outstanding = new Set<Promise<unknown>>();
  /** What was said of commands that it refused. */
  readonly #refusals = new Set<string>();
  #state: 'closed' | 'starting' | 'up' | 'away' = 'closed';
  /** Whether it is up or away, for the first time. */
  readonly #decided = Promise.withResolvers<void>();
  #probing: NodeJS.Timeout | undefined;
  /** When the probe that runs began. */
  #probedAt: number | undefined;

  /** @param tell hears of every change */
  constructor(
    url: string,
    private readonly commandMs: number,
    private readonly tell: (isUp: boolean) => void = () => undefined,
  ) {
    this.redis = new Redis(url, {
      lazyConnect: true,
      connectionName: 'sluice',
      // What cannot be sent now fails now: the caller has somebody else to ask.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1000),
    });
    this.redis.on('ready', () => void this.#probe());
    this.redis.on('close', () => this.#markAway('connection closed'));
    this.redis.on('error', (error) => this.#markAway(reasonOf(error)));
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Whenever Redis is back, `bring` has to have succeeded before anything else is sent. */
  onReturn(bring: Return): void {
    this.#returns.push(bring);
  }

  async onModuleInit(): Promise<void> {
    this.#state = 'starting';
    this.tell(false);
    this.#probing = setInterval(() => void this.#probe(), PROBE_EVERY_MS).unref();
    // What fails is heard of as an event.
    this.redis.connect().catch(() => undefined);
    await Promise.race([this.#decided.promise, this.#startTime()]);
    if (!this.isUp) this.#markAway('no answer');
  }

  /**
   * What `command` gives, within `commandMs`.
   * @param late called where it succeeds after all, later than that
   * @throws RedisAway
   * @throws ReplyError where Redis refuses this command alone, and did nothing of it
   */
  async ask<T>(command: () => Promise<T>, late?: (reply: T) => void): Promise<T> {
    if (!this.isUp) throw new RedisAway(false);
    const reply = command();
    this.#note(reply);
    try {
      return await this.#inTime(reply);
    } catch (error) {
      if (isOfOneCommand(error)) {
        this.#sayRefused(reasonOf(error));
        throw error;
      }
      this.#markAway(reasonOf(error));
      if (late) reply.then(late, () => undefined);
      throw new RedisAway(!isReplyError(error));
    }
  }

  /** What was sent may still come to its end. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#probing);
    await Promise.race([Promise.allSettled(this.#outstanding), after(this.commandMs)]);
    this.#state = 'closed';
    this.redis.disconnect();
  }

  /**
   * In steps: while others that start keep the event loop busy nothing of Redis is read, so such
   * time counts as one step, however long it is.
   */
  async #startTime(): Promise<void> {
    for (let left = START_MS; left > 0 && this.#state === 'starting'; left -= START_STEP_MS) {
      await after(START_STEP_MS);
    }
  }

  #note(reply: Promise<unknown>): void {
    this.#outstanding.add(reply);
    const forget = () => this.#outstanding.delete(reply);
    reply.then(forget, forget);
  }

  async #inTime<T>(reply: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const error = new Error(`no answer within ${this.commandMs} ms`);
    // A turn later: where it was our own event loop that stood still, the answer is there to be read.
    const timer = setTimeout(() => setImmediate(() => late.reject(error)), this.commandMs);
    try {
      return await Promise.race([reply, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** By a write: a replica, or one whose memory is full, answers pings. */
  async #probe(): Promise<void> {
    if (this.isUp || this.redis.status !== 'ready') return;
    if (this.#probedAt !== undefined) {
      if (performance.now() - this.#probedAt > DEAD_MS) this.redis.disconnect(true);
      return;
    }
    this.#probedAt = performance.now();
    const written = this.redis.eval(PROBE, 1, 'sluice:probe');
    try {
      await this.#inTime(written);
      for (const bring of this.#returns) await bring(this.redis);
      this.#markUp();
    } catch (error) {
      this.#markAway(reasonOf(error));
      // One at a time: a Redis that is slow gets no heap of them.
      await Promise.allSettled([written]);
    } finally {
      this.#probedAt = undefined;
    }
  }

  #markUp(): void {
    if (this.isUp || this.#state === 'closed' || this.redis.status !== 'ready') return;
    if (this.#state === 'away') this.#logger.log('Redis is back: limits are shared again');
    this.#state = 'up';
    this.#refusals.clear();
    this.#decided.resolve();
    this.tell(true);
  }

  /** Said once for each reason, until Redis was away. */
  #sayRefused(reason: string): void {
    if (this.#refusals.has(reason)) return;
    this.#refusals.add(reason);
    this.#logger.warn('Redis refuses a command: what that is for is counted in this process', {
      reason,
    });
  }

  /** Said once, however many commands fail. */
  #markAway(reason: string): void {
    if (this.#state === 'away' || this.#state === 'closed') return;
    this.#state = 'away';
    this.#decided.resolve();
    this.tell(false);
    this.#logger.warn('Redis is away: limits are counted in this process', { reason });
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
