import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { summaryOf, type Wait, WAITED_FOR, type WaitedFor } from '../contract/waits.js';
import { WaitClock } from './wait-clock.js';

const STALL_MS = 2000;

const pass = (ms: number) => vi.advanceTimersByTime(ms);

describe('WaitClock', () => {
  let stalls: Wait[];
  /** Since when other work has kept the event loop busy. */
  let freeUntil: number | undefined;
  let clock: WaitClock;
  beforeEach(() => {
    vi.useFakeTimers();
    stalls = [];
    freeUntil = undefined;
    const eventLoop = { freeUntil: (now: number) => freeUntil ?? now };
    clock = new WaitClock(performance.now(), STALL_MS, eventLoop, (wait) => stalls.push(wait));
  });
  afterEach(() => vi.useRealTimers());

  const waitFor = (on: WaitedFor, ms: number) => {
    clock.begin(on);
    pass(ms);
    clock.begin('sluice');
  };

  it('counts all of the time, each piece of it once', () => {
    pass(1);
    waitFor('queue', 10);
    clock.attemptBegan('a');
    pass(20);
    clock.begin('first_content');
    pass(300);
    clock.begin('sluice');
    pass(2);
    waitFor('upstream', 40);
    waitFor('caller', 5);
    waitFor('upstream', 60);
    clock.stop(performance.now());
    pass(1000);
    expect(clock.ms).toEqual({
      queue: 10,
      backoff: 0,
      connect: 20,
      first_content: 300,
      upstream: 100,
      caller: 5,
      sluice: 3,
    });
    expect(summaryOf(clock)).toEqual({
      waitedMs: { queue: 10, connect: 20, first_content: 300, upstream: 100, caller: 5, sluice: 3 },
      longestGapMs: 300,
      longestGapOn: 'first_content',
    });
  });

  it('adds up to the duration whatever is waited for, and gives every wait to its owner', () => {
    const wait = fc.tuple(fc.constantFrom(...WAITED_FOR), fc.integer({ min: 0, max: 5000 }));
    fc.assert(
      fc.property(fc.array(wait, { maxLength: 100 }), (waits) => {
        const startedAt = performance.now();
        const each = new WaitClock(startedAt, STALL_MS, { freeUntil: (now) => now }, () => {});
        for (const [on, ms] of waits) {
          each.begin(on);
          pass(ms);
        }
        each.stop(performance.now());
        const owned = Object.fromEntries(
          WAITED_FOR.map((on) => [
            on,
            waits.reduce((sum, [who, ms]) => sum + (who === on ? ms : 0), 0),
          ]),
        );
        expect(each.ms).toEqual(owned);
        expect(Object.values(each.ms).reduce((sum, ms) => sum + ms)).toBe(
          performance.now() - startedAt,
        );
      }),
    );
  });

  it('tells the wait that goes on', () => {
    pass(5);
    clock.begin('upstream');
    pass(700);
    expect(clock.current).toEqual({ on: 'upstream', atMs: 5, ms: 700 });
    expect(clock.ms).toMatchObject({ sluice: 5, upstream: 700 });
  });

  it('knows at which backend it waited, and that a queue is at none', () => {
    waitFor('queue', 1);
    clock.attemptBegan('a');
    pass(10);
    waitFor('backoff', 100);
    waitFor('queue', 1000);
    clock.attemptBegan('b');
    pass(20);
    clock.stop(performance.now());
    const { msByBackend } = clock;
    expect(msByBackend.get('none')).toMatchObject({ queue: 1001, connect: 0 });
    expect(msByBackend.get('a')).toMatchObject({ connect: 10, backoff: 100, queue: 0 });
    expect(msByBackend.get('b')).toMatchObject({ connect: 20, backoff: 0 });
  });

  it('tells of a wait that was too long, once it is over', () => {
    waitFor('upstream', STALL_MS - 1);
    clock.begin('caller');
    pass(STALL_MS + 10);
    expect(stalls).toEqual([]);
    clock.begin('sluice');
    expect(stalls).toEqual([{ on: 'caller', atMs: STALL_MS - 1, ms: STALL_MS + 10 }]);
  });

  it('tells of one that the end came into', () => {
    clock.begin('upstream');
    pass(STALL_MS);
    clock.stop(performance.now());
    expect(stalls).toEqual([{ on: 'upstream', atMs: 0, ms: STALL_MS }]);
    expect(clock.current).toEqual({ on: 'upstream', atMs: 0, ms: STALL_MS });
  });

  it('takes a wait with pings in it for one wait', () => {
    for (let ping = 0; ping < 3; ping += 1) {
      clock.begin('upstream');
      pass(1000);
      clock.interrupt(performance.now());
      pass(1);
    }
    waitFor('upstream', 10);
    expect(stalls).toEqual([{ on: 'upstream', atMs: 0, ms: 3010 }]);
    expect(clock.ms).toMatchObject({ upstream: 3010, sluice: 3 });
  });

  it('keeps the 32 longest waits, in their order, and none that nobody would notice', () => {
    for (let ms = 1; ms <= 100; ms += 1) waitFor('upstream', ms % 2 ? ms : 0);
    const kept = clock.longest;
    expect(kept).toHaveLength(32);
    expect(kept.map(({ ms }) => ms)).toEqual(Array.from({ length: 32 }, (_, n) => 37 + 2 * n));
  });

  it('takes for its own what passed while other work kept it from looking', () => {
    clock.begin('upstream');
    pass(100);
    freeUntil = performance.now();
    pass(400);
    clock.begin('sluice');
    freeUntil = undefined;
    pass(1);
    expect(clock.ms).toMatchObject({ upstream: 100, sluice: 401 });
    clock.begin('upstream');
    expect(clock.longest).toEqual([
      { on: 'upstream', atMs: 0, ms: 100 },
      { on: 'sluice', atMs: 100, ms: 401 },
    ]);
  });

  it('gives nobody less than nothing where the loop was busy before the wait began', () => {
    freeUntil = performance.now();
    pass(50);
    waitFor('upstream', 10);
    expect(clock.ms).toMatchObject({ upstream: 0, sluice: 60 });
  });

  it('ends a wait that fails', async () => {
    const failing = clock.during('backoff', Promise.reject(new Error('no')));
    pass(10);
    await expect(failing).rejects.toThrow('no');
    pass(1);
    expect(clock.ms).toMatchObject({ backoff: 10, sluice: 1 });
  });
});
