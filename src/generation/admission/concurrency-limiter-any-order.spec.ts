import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limiterWith, settled, states, Caller } from '../../../test/support/caller.js';
import type { ConcurrencyLimiter } from './concurrency-limiter.js';

const STREAMS = 6;
const LIMITS: Readonly<Record<string, number>> = { a: 1, b: 2, c: Infinity };
const WISHES = ['a', 'ab', 'b', 'bc'];

/** Whole numbers from 0, the same ones for the same seed. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

/** Whatever may happen to those who are there, one thing after the other. */
class Story {
  readonly #there = new Set<Caller>();
  readonly #random: (below: number) => number;
  moves = 0;

  constructor(
    private readonly limiter: ConcurrencyLimiter,
    seed: number,
  ) {
    this.#random = numbersFrom(seed);
  }

  get there(): readonly Caller[] {
    return [...this.#there];
  }

  async goOn(): Promise<void> {
    const caller = this.#any(this.there);
    const act = this.#random(5);
    if (act < 2 || !caller) this.#comes();
    else if (act === 2) await this.#moves(caller);
    else if (act === 3) caller.controller.abort('client_closed');
    else if (caller.permit) this.#leaves(caller);
    await settled();
    // Whoever is refused leaves, if it was there at all.
    for (const each of this.there) if (each.refused !== undefined) this.#leaves(each);
    await settled();
  }

  async end(): Promise<void> {
    for (const { controller } of this.there) controller.abort('client_closed');
    await settled();
    for (const caller of this.there) this.#leaves(caller);
  }

  #comes(): void {
    if (this.#there.size >= 30) return;
    this.#there.add(new Caller(this.limiter, this.#any(WISHES)!, `flow ${this.#random(3)}`));
  }

  async #moves(caller: Caller): Promise<void> {
    if (caller.at === undefined) return;
    this.moves += 1;
    await caller.reassign(this.#any(WISHES)!);
  }

  #leaves(caller: Caller): void {
    this.#there.delete(caller);
    caller.permit?.release();
  }

  #any<T>(list: readonly T[]): T | undefined {
    return list[this.#random(list.length || 1)];
  }
}

describe('Admission, in any order of events,', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([7, 77, 777])(
    'gives out no more than there is, lets nobody wait for what there is, and gets everything back (%i)',
    async (seed) => {
      const limiter = limiterWith({ streams: STREAMS, a: 1, b: 2 });
      const story = new Story(limiter, seed);
      let waited = 0;
      for (let step = 0; step < 1000; step += 1) {
        await story.goOn();
        const seated = story.there.filter(({ permit }) => permit);
        expect(limiter.running).toBe(seated.length);
        expect(seated.length).toBeLessThanOrEqual(STREAMS);
        for (const [backend, limit] of Object.entries(LIMITS)) {
          const places = seated.filter(({ at }) => at === backend);
          expect(places.length).toBeLessThanOrEqual(limit);
          if (places.length === limit) continue;
          // There is room: nobody who would go there waits, but for want of a seat.
          const waiting = story.there.filter(
            ({ at, eligible, permit }) =>
              !at && eligible.includes(backend) && (permit || seated.length < STREAMS),
          );
          expect(waiting).toEqual([]);
        }
        waited += story.there.length - seated.length;
      }
      // It was a story with crowds and moves.
      expect(story.moves).toBeGreaterThan(30);
      expect(waited).toBeGreaterThan(1000);

      await story.end();
      expect([limiter.running, vi.getTimerCount()]).toEqual([0, 0]);
      const fresh = ['a', 'b', 'b', 'a'].map((backend) => new Caller(limiter, backend));
      expect(await states(...fresh)).toEqual(['a', 'b', 'b', 'waits']);
    },
  );
});
