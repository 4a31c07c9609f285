import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limiterWith, settled, states, Caller } from '../../../test/support/caller.js';
import type { ConcurrencyLimiter } from './concurrency-limiter.js';

const STREAMS = 6;
const LIMITS: Readonly<Record<string, number>> = { a: 1, b: 2, c: Infinity };
const ELIGIBLE = ['a', 'ab', 'b', 'bc'];

/** Whole numbers from 0, the same ones for the same seed. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

/** Requests that arrive, are reassigned, aborted and released in a random order. */
class Story {
  readonly #callers = new Set<Caller>();
  readonly #random: (below: number) => number;
  reassigned = 0;

  constructor(
    private readonly limiter: ConcurrencyLimiter,
    seed: number,
  ) {
    this.#random = numbersFrom(seed);
  }

  get callers(): readonly Caller[] {
    return [...this.#callers];
  }

  async step(): Promise<void> {
    const caller = this.#any(this.callers);
    const act = this.#random(5);
    if (act < 2 || !caller) this.#arrive();
    else if (act === 2) await this.#reassign(caller);
    else if (act === 3) caller.controller.abort('client_closed');
    else if (caller.permit) this.#release(caller);
    await settled();
    // Also a caller whose reassignment was refused: it still has its slot.
    for (const each of this.callers) if (each.refused !== undefined) this.#release(each);
    await settled();
  }

  async end(): Promise<void> {
    for (const { controller } of this.callers) controller.abort('client_closed');
    await settled();
    for (const caller of this.callers) this.#release(caller);
  }

  #arrive(): void {
    if (this.#callers.size >= 30) return;
    const [eligible, flow] = [this.#any(ELIGIBLE)!, this.#random(3)];
    const priority = flow === 0 ? 'batch' : 'interactive';
    this.#callers.add(new Caller(this.limiter, eligible, `flow ${flow}`, priority));
  }

  async #reassign(caller: Caller): Promise<void> {
    if (caller.at === undefined) return;
    this.reassigned += 1;
    await caller.reassign(this.#any(ELIGIBLE)!);
  }

  #release(caller: Caller): void {
    this.#callers.delete(caller);
    caller.permit?.release();
  }

  #any<T>(list: readonly T[]): T | undefined {
    return list[this.#random(list.length || 1)];
  }
}

describe('ConcurrencyLimiter, in any order of events,', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([7, 77, 777])(
    'grants no more than its limits, leaves no waiter while what it lacks is free, and gets everything back (%i)',
    async (seed) => {
      const limiter = limiterWith({ streams: STREAMS, a: 1, b: 2 });
      const story = new Story(limiter, seed);
      let waited = 0;
      for (let step = 0; step < 1000; step += 1) {
        await story.step();
        const running = story.callers.filter(({ permit }) => permit);
        expect(limiter.running).toBe(running.length);
        expect(running.length).toBeLessThanOrEqual(STREAMS);
        for (const [backend, limit] of Object.entries(LIMITS)) {
          const atBackend = running.filter(({ at }) => at === backend);
          expect(atBackend.length).toBeLessThanOrEqual(limit);
          if (atBackend.length === limit) continue;
          // The backend has capacity: its waiters lack a slot.
          const waiting = story.callers.filter(
            ({ at, eligible, permit }) =>
              !at && eligible.includes(backend) && (permit || running.length < STREAMS),
          );
          expect(waiting).toEqual([]);
        }
        waited += story.callers.length - running.length;
      }
      // The story had crowds and reassignments.
      expect(story.reassigned).toBeGreaterThan(30);
      expect(waited).toBeGreaterThan(1000);

      await story.end();
      expect([limiter.running, vi.getTimerCount()]).toEqual([0, 0]);
      const fresh = ['a', 'b', 'b', 'a'].map((backend) => new Caller(limiter, backend));
      expect(await states(...fresh)).toEqual(['a', 'b', 'b', 'waits']);
    },
  );
});
