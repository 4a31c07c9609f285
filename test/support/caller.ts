import { vi } from 'vitest';
import { parseConfig } from '../../src/config/load/load-config.js';
import { GatewayError } from '../../src/contract/gateway-error.js';
import {
  ConcurrencyLimiter,
  type Permit,
} from '../../src/generation/admission/concurrency-limiter.js';
import { EventLoopDelay } from '../../src/generation/admission/event-loop-delay.js';

export interface TestLimits {
  readonly streams?: number;
  readonly queue?: { readonly size?: number; readonly maxWaitMs?: number };
  /** Of a backend. */
  readonly a?: number;
  readonly b?: number;
}

/** Backends `a`, `b` and `c`; only the first two can have a limit. */
export function limiterWith(
  { streams, queue, ...backends }: TestLimits,
  eventLoop = new EventLoopDelay(),
): ConcurrencyLimiter {
  const limitsOf: Record<string, number | undefined> = backends;
  const config = parseConfig({
    backends: ['a', 'b', 'c'].map((id) => ({
      id,
      kind: 'openai',
      baseUrl: 'http://upstream.test',
      ...(limitsOf[id] && { limits: { streams: limitsOf[id] } }),
    })),
    models: [{ id: 'm', targets: ['a/m'] }],
    limits: { ...(streams && { streams }), ...(queue && { queue }) },
  });
  return new ConcurrencyLimiter(config, eventLoop);
}

/** A request that asked to enter, and what it has come to. The test's timers are fake. */
export class Caller {
  readonly controller = new AbortController();
  /** Calls with which its listener was let go. */
  readonly listenerRemoved = vi.spyOn(this.controller.signal, 'removeEventListener');
  permit: Permit | undefined;
  /** Where it has a place. */
  at: string | undefined;
  refused: unknown;
  /** The backends that it asked for last, one letter each. */
  wish: string;

  constructor(limiter: ConcurrencyLimiter, backends: string, flow = 'x') {
    this.wish = backends;
    void this.#enter(limiter.acquire(flow, () => backends.split(''), this.controller.signal));
  }

  /** `waits`, the backend it has a place at, or what it was refused with. */
  async state(): Promise<unknown> {
    await settled();
    if (this.refused instanceof GatewayError) return this.refused.fault;
    return this.refused ?? this.at ?? 'waits';
  }

  /** Asks for a place elsewhere, as a failover does; says what has come of it by now. */
  async reassign(backends: string): Promise<unknown> {
    const { permit } = this;
    if (!permit) throw new Error('It is not there to be moved.');
    this.wish = backends;
    this.refused = undefined;
    this.at = undefined;
    void this.#arrive(
      permit,
      permit.reassign(() => backends.split('')),
    );
    return this.state();
  }

  release(): void {
    if (!this.permit) throw new Error('It is not there to leave.');
    this.at = undefined;
    this.permit.release();
  }

  async #enter(entering: Promise<Permit>): Promise<void> {
    try {
      this.permit = await entering;
      this.at = this.permit.backend;
    } catch (error) {
      this.refused = error;
    }
  }

  async #arrive(place: Permit, moving: Promise<void>): Promise<void> {
    try {
      await moving;
      this.at = place.backend;
    } catch (error) {
      this.refused = error;
    }
  }
}

/** Promises have had their turns. */
export async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

export function states(...all: readonly Caller[]): Promise<unknown[]> {
  return Promise.all(all.map((each) => each.state()));
}

/** So many that ask for the same; the first of them stands first. */
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
