import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limiterWith, states, thrownBy, Caller, callers } from '../../../test/support/caller.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { EventLoopDelay } from './event-loop-delay.js';

const MAX_WAIT_MS = 10_000;

describe('Admission', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  describe('lets a request in', () => {
    it('at the first of its backends that has room', async () => {
      const limiter = limiterWith({ a: 1, b: 1 });
      const requests = callers(3, limiter, 'abc');
      expect(await states(...requests)).toEqual(['a', 'b', 'c']);
      expect(requests.map(({ permit }) => permit!.waitedMs)).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(limiter.running).toBe(3);
    });

    it('in the order of arrival when all of its backends are full', async () => {
      const limiter = limiterWith({ a: 1 });
      const [first, second, third] = callers(3, limiter, 'a');
      expect(await states(first!, second!, third!)).toEqual(['a', 'waits', 'waits']);
      expect(limiter.running).toBe(1);
      first!.release();
      expect(await states(second!, third!)).toEqual(['a', 'waits']);
      second!.release();
      expect(await states(third!)).toEqual(['a']);
    });

    it('when the process has a seat again, wherever that was', async () => {
      const limiter = limiterWith({ streams: 2 });
      const [first, , third] = ['a', 'b', 'c'].map((backend) => new Caller(limiter, backend));
      expect(await third!.state()).toBe('waits');
      first!.release();
      expect(await third!.state()).toBe('c');
      expect(limiter.running).toBe(2);
    });

    it('past a crowd that waits for another backend: who waits holds no seat', async () => {
      const limiter = limiterWith({ streams: 3, a: 1 });
      const crowd = callers(100, limiter, 'a');
      const passing = [new Caller(limiter, 'b'), new Caller(limiter, 'ab')];
      expect(await states(...passing)).toEqual(['b', 'b']);
      expect(new Set(await states(...crowd.slice(1)))).toEqual(new Set(['waits']));
      const last = new Caller(limiter, 'b');
      passing[0]!.release();
      expect(await states(last, crowd[1]!)).toEqual(['b', 'waits']);
    });

    it('in turns with requests of other flows, however many one has', async () => {
      const limiter = limiterWith({ a: 1 });
      let running = new Caller(limiter, 'a', 'busy');
      const waiting = new Map(
        ['busy1', 'busy2', 'busy3', 'other1', 'other2', 'third1'].map((name) => [
          name,
          new Caller(limiter, 'a', name.slice(0, -1)),
        ]),
      );
      const order: string[] = [];
      while (waiting.size > 0) {
        await running.state();
        running.release();
        for (const [name, caller] of waiting) {
          if ((await caller.state()) === 'waits') continue;
          order.push(name);
          running = caller;
          waiting.delete(name);
        }
      }
      expect(order).toEqual(['busy1', 'other1', 'third1', 'busy2', 'other2', 'busy3']);
    });

    it('and says how long it had to wait', async () => {
      const limiter = limiterWith({ a: 1 });
      const [first, second] = callers(2, limiter, 'a');
      await first!.state();
      vi.advanceTimersByTime(700);
      first!.release();
      await second!.state();
      expect(second!.permit!.waitedMs).toBe(700);
    });
  });

  describe('refuses a request', () => {
    it('at once when no more may wait', async () => {
      const limiter = limiterWith({ a: 1, queue: { size: 1 } });
      const [first, second] = callers(2, limiter, 'a');
      const refusal = thrownBy(() => new Caller(limiter, 'a'));
      expect([refusal.fault, refusal.status]).toEqual(['overloaded', 503]);
      expect(refusal.retryAfterMs).toBeGreaterThanOrEqual(1000);
      expect(refusal.retryAfterMs).toBeLessThanOrEqual(2000);
      // It was as if it had never come.
      await first!.state();
      first!.release();
      expect(await states(second!, new Caller(limiter, 'a'))).toEqual(['a', 'waits']);
    });

    it('at once when none may wait, and lets it in when it does not have to', async () => {
      const limiter = limiterWith({ a: 1, queue: { size: 0 } });
      expect(await new Caller(limiter, 'a').state()).toBe('a');
      expect(thrownBy(() => new Caller(limiter, 'a')).fault).toBe('overloaded');
      expect(await new Caller(limiter, 'ab').state()).toBe('b');
    });

    it('after it waited for too long, and lets the next one move up', async () => {
      const limiter = limiterWith({ a: 1, queue: { size: 2, maxWaitMs: MAX_WAIT_MS } });
      const [first, second] = callers(2, limiter, 'a');
      await vi.advanceTimersByTimeAsync(1);
      const third = new Caller(limiter, 'a');
      await vi.advanceTimersByTimeAsync(MAX_WAIT_MS - 2);
      expect(await states(second!, third)).toEqual(['waits', 'waits']);
      await vi.advanceTimersByTimeAsync(1);
      expect(await states(second!, third)).toEqual(['overloaded', 'waits']);
      expect((second!.refused as GatewayError).message).toContain('within 10000 ms');
      first!.release();
      expect(await third.state()).toBe('a');
    });

    it('whose caller leaves, with the reason of its signal and without a trace', async () => {
      const limiter = limiterWith({ a: 1, queue: { size: 1 } });
      const [first, second] = callers(2, limiter, 'a');
      second!.controller.abort('client_closed');
      const third = new Caller(limiter, 'a');
      expect(await states(second!, third)).toEqual(['client_closed', 'waits']);
      first!.release();
      expect(await third.state()).toBe('a');
      third.release();
      expect(limiter.running).toBe(0);
    });

    it('whose caller had left before, though there is room', async () => {
      const limiter = limiterWith({});
      const left = AbortSignal.abort('client_closed');
      await expect(limiter.acquire('x', () => ['a'], left)).rejects.toBe('client_closed');
      expect(limiter.running).toBe(0);
    });

    it('while the event loop is too slow, and no longer', async () => {
      let now = 0;
      const eventLoop = new EventLoopDelay(() => now);
      eventLoop.onApplicationBootstrap();
      const limiter = limiterWith({ a: 1 }, eventLoop);
      const [first, second] = callers(2, limiter, 'a');
      for (let turn = 0; turn < 20; turn += 1) {
        now += 300;
        await vi.advanceTimersByTimeAsync(50);
      }
      const refusal = thrownBy(() => new Caller(limiter, 'b'));
      expect(refusal.fault).toBe('overloaded');
      expect(refusal.retryAfterMs).toBeGreaterThanOrEqual(5000);
      // Who was here before is not told to come back: that would be more work.
      first!.release();
      expect(await second!.state()).toBe('a');
      now += 60;
      await vi.advanceTimersByTimeAsync(50);
      expect(await new Caller(limiter, 'b').state()).toBe('b');
      eventLoop.onApplicationShutdown();
    });
  });

  it('lets go of timer and listener, however a wait ends', async () => {
    const limiter = limiterWith({ a: 1, queue: { maxWaitMs: MAX_WAIT_MS } });
    const [first, granted, late, left, closed] = callers(5, limiter, 'a');
    await first!.state();
    expect(first!.listenerRemoved).not.toHaveBeenCalled();
    // One each, and one that looks anew at whom they may be sent to.
    expect(vi.getTimerCount()).toBe(4 + 1);
    first!.release();
    left!.controller.abort('client_closed');
    await vi.advanceTimersByTimeAsync(MAX_WAIT_MS - 1);
    const latest = new Caller(limiter, 'a');
    await vi.advanceTimersByTimeAsync(1);
    expect(await states(granted!, late!, left!, closed!, latest)).toEqual([
      'a',
      'overloaded',
      'client_closed',
      'overloaded',
      'waits',
    ]);
    limiter.stopAdmitting();
    expect(await latest.state()).toBe('draining');
    expect(vi.getTimerCount()).toBe(0);
    for (const caller of [granted, late, left, closed, latest]) {
      expect(caller!.listenerRemoved).toHaveBeenCalledTimes(1);
    }
  });

  describe('that is closed', () => {
    it('refuses everybody who comes or waits, at once', async () => {
      const limiter = limiterWith({ a: 1 });
      const [first, second, third] = callers(3, limiter, 'a');
      expect(limiter.isOpen).toBe(true);
      limiter.stopAdmitting();
      expect(limiter.isOpen).toBe(false);
      expect(await states(first!, second!, third!)).toEqual(['a', 'draining', 'draining']);
      const refusal = thrownBy(() => new Caller(limiter, 'b'));
      expect([refusal.fault, refusal.retryAfterMs]).toEqual(['draining', 250]);
      first!.release();
      expect(limiter.running).toBe(0);
    });

    it('lets those who run go on to other backends, and wait for them', async () => {
      const limiter = limiterWith({ a: 1, b: 1 });
      const [mover, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
      await states(mover, atB);
      expect(await mover.reassign('b')).toBe('waits');
      limiter.stopAdmitting();
      expect(await mover.state()).toBe('waits');
      atB.release();
      expect(await mover.state()).toBe('b');
    });

    it('is idle when the last one has left', async () => {
      const limiter = limiterWith({ a: 1 });
      await limiter.idle();
      const [first, second] = callers(2, limiter, 'a');
      await first!.state();
      let idle = false;
      void limiter.idle().then(() => (idle = true));
      first!.release();
      expect([await second!.state(), idle]).toEqual(['a', false]);
      limiter.stopAdmitting();
      second!.release();
      await vi.advanceTimersByTimeAsync(0);
      expect(idle).toBe(true);
    });
  });
});
