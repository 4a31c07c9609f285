import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { LiveConfig } from '../config/live-config.js';
import type { GatewayConfig } from '../config/schema/gateway-config.js';
import { GatewayError } from '../contract/gateway-error.js';
import { ConcurrencyLimiter } from '../generation/admission/concurrency-limiter.js';
import { RunningGenerations } from '../generation/running-generations.js';
import { OpenConnections } from './open-connections.js';

/** How often idle connections are closed once nobody new comes in. */
const CLOSE_IDLE_EVERY_MS = 250;

/** How often we look whether the callers have taken everything. */
const LOOK_EVERY_MS = 25;

/** How long a caller may take to read its last words, and one that said nothing may stay. */
const LAST_WORDS_MS = 5000;

const DRAINED =
  'This instance of Sluice is shutting down and could not wait for the end of the answer: try again.';

/** What a process needs beyond the configured times: for last words, and to close upstream pools. */
const MARGIN_MS = LAST_WORDS_MS + 5000;

/**
 * The way out, from SIGTERM to the exit: not ready but serving, then nobody new and running streams
 * finish, then whoever is left is told, and whoever cannot be told is left.
 */
@Injectable()
export class DrainService
  implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #logger = new Logger('Drain');
  #connections: OpenConnections | undefined;
  #isDraining = false;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly live: LiveConfig,
    private readonly limiter: ConcurrencyLimiter,
    private readonly running: RunningGenerations,
    private readonly host: HttpAdapterHost,
  ) {}

  /** From the signal on, whether requests are still served or not. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  onModuleInit(): void {
    this.#connections = new OpenConnections(this.host.httpAdapter.getHttpServer() as Server);
    this.#announce(this.live.current);
    this.live.observe({
      replaced: (next, previous) => {
        if (!isDeepStrictEqual(next.drain, previous.drain)) this.#announce(next);
      },
    });
  }

  async beforeApplicationShutdown(signal?: string): Promise<void> {
    const { delayMs, forMs } = this.live.current.drain;
    this.#isDraining = true;
    this.#connections?.closeAfterAnswers();
    if (signal) this.#logger.log('draining', { signal, running: this.running.count });
    // SIGINT comes from a person at a terminal: no proxy has to hear of it.
    if (delayMs > 0 && signal !== 'SIGINT') await pause(delayMs);

    this.limiter.stopAdmitting();
    // Again and again: a connection whose stream ends after server.close() would hold the exit for keepAliveMs.
    this.#every(CLOSE_IDLE_EVERY_MS, () => this.#connections?.closeIdle());
    await within(forMs, (late) => this.#finished(late));

    const { count } = this.running;
    if (count > 0) this.#logger.warn('streams are cut by the drain', { running: count });
    this.running.abort(new GatewayError('draining', DRAINED, { endReason: 'drained' }));
    this.#leaveEverybodyAfter(LAST_WORDS_MS);
    // What Nest does next is server.close(), which cuts answers that are still being taken.
    await within(LAST_WORDS_MS, (late) => this.#everythingTaken(late));
  }

  onApplicationShutdown(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #announce({ drain: { delayMs, forMs } }: GatewayConfig): void {
    this.#logger.log('a pod needs this grace period', {
      terminationGracePeriodSeconds: Math.ceil((delayMs + forMs + MARGIN_MS) / 1000),
    });
  }

  /** Every stream has ended, and every caller has what was written for it. */
  async #finished(late: AbortSignal): Promise<void> {
    await this.limiter.idle();
    await this.#everythingTaken(late);
  }

  async #everythingTaken(late: AbortSignal): Promise<void> {
    do {
      // Also before the first look: the last words are written right after a generation has ended.
      await pause(LOOK_EVERY_MS);
    } while (!late.aborted && this.#connections?.hasBytesWaiting);
  }

  /** Whoever does not read, or never said what it wanted, would hold the exit. */
  #leaveEverybodyAfter(ms: number): void {
    const leaving = setTimeout(() => {
      // Again, because of those that were accepted in the meantime.
      this.#every(CLOSE_IDLE_EVERY_MS, () => this.#connections?.destroyAll());
    }, ms);
    this.#timers.push(leaving.unref());
  }

  #every(ms: number, action: () => void): void {
    this.#timers.push(setInterval(action, ms).unref());
  }
}

/** Waits for `task`, but no longer than `ms`; its signal says that the wait is over. */
async function within(ms: number, task: (late: AbortSignal) => Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(ms);
  await Promise.race([task(late), once(late, 'abort')]);
}
