import { vi } from 'vitest';
import { LiveConfig } from '../../src/config/live-config.js';
import { parseConfig } from '../../src/config/load/load-config.js';
import type { GatewayConfig } from '../../src/config/schema/gateway-config.js';
import { GatewayError } from '../../src/contract/gateway-error.js';
import { ConcurrencyLimiter } from '../../src/generation/admission/concurrency-limiter.js';
import { EventLoopDelay } from '../../src/generation/event-loop-delay.js';
import type { Permit } from '../../src/generation/admission/permit.js';

export interface TestLimits {
  readonly streams?: number;
  readonly queue?: { readonly size?: number; readonly maxWaitMs?: number };
  /** A backend's `limits.streams`. */
  readonly a?: number;
  readonly b?: number;
}

/** Backends `a`, `b` and `c`; only the first two can have a limit. */
export function limiterWith(
  limits: TestLimits,
  eventLoop = new EventLoopDelay(),
): ConcurrencyLimiter {
  return new ConcurrencyLimiter(new LiveConfig(configOf(limits)), eventLoop);
}

/** @param ids of the backends */
export function configOf(
  { streams, queue, ...backends }: TestLimits,
  ids: readonly string[] = ['a', 'b', 'c'],
): GatewayConfig {
  const limitsOf: Record<string, number | undefined> = backends;
  return parseConfig({
    backends: ids.map((id) => ({
      id,
      kind: 'openai',
      baseUrl: 'http://upstream.test',
      ...(limitsOf[id] && { limits: { streams: limitsOf[id] } }),
    })),
    models: [{ id: 'm', targets: [`${ids[0]}/m`] }],
    limits: { ...(streams && { streams }), ...(queue && { queue }) },
  });
}

/** A request at the limiter, and what has become of it. The test's timers are fake. */
export class Caller {
  readonly controller = new AbortController();
  /** Called for each listener that the limiter removed from the signal. */
  readonly listenerRemoved = vi.spyOn(this.controller.signal, 'removeEventListener');
  permit: Permit | undefined;
  /** The backend at which it holds capacity. */
  at: string | undefined;
  refused: unknown;
  /** The eligible backends that it gave last, one letter each. */
  eligible: string;

  constructor(
    limiter: ConcurrencyLimiter,
    backends: string,
    flow = 'x',
    readonly priority: 'interactive' | 'batch' = 'interactive',
  ) {
    this.eligible = backends;
    const { signal } = this.controller;
    void this.#acquired(limiter.acquire({ flow, priority }, () => backends.split(''), signal));
  }

  /** `waits`, the backend at which it holds capacity, or what it was refused with. */
  async state(): Promise<unknown> {
    await settled();
    if (this.refused instanceof GatewayError) return this.refused.fault;
    return this.refused ?? this.at ?? 'waits';
  }

  /** Reassigns its permit, as a failover does; returns its state after that. */
  async reassign(backends: string): Promise<unknown> {
    const { permit } = this;
    if (!permit) throw new Error('There is no permit to reassign.');
    this.eligible = backends;
    this.refused = undefined;
    this.at = undefined;
    void this.#reassigned(
      permit,
      permit.reassign(() => backends.split('')),
    );
    return this.state();
  }

  release(): void {
    if (!this.permit) throw new Error('There is no permit to release.');
    this.at = undefined;
    this.permit.release();
  }

  async #acquired(acquiring: Promise<Permit>): Promise<void> {
    try {
      this.permit = await acquiring;
      this.at = this.permit.backend;
    } catch (error) {
      this.refused = error;
    }
  }

  async #reassigned(permit: Permit, reassigning: Promise<void>): Promise<void> {
    try {
      await reassigning;
      this.at = permit.backend;
    } catch (error) {
      this.refused = error;
    }
  }
}

/** Resolves when the continuations of settled promises have run. */
export async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

export function states(...all: readonly Caller[]): Promise<unknown[]> {
  return Promise.all(all.map((each) => each.state()));
}

/** `count` callers with the same eligible backends, in the order of their arrival. */
export function callers(count: number, limiter: ConcurrencyLimiter, backends: string): Caller[] {
  return Array.from({ length: count }, () => new Caller(limiter, backends));
}

/** What `act` throws at once. */
export function thrownBy(act: () => unknown): GatewayError {
  try {
    void act();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('It did not throw.');
}
