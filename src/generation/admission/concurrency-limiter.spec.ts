import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limiterWith, states, thrownBy, Caller, callers } from '../../../test/support/caller.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { EventLoopDelay } from '../event-loop-delay.js';

const MAX_WAIT_MS = 10_000;

describe('ConcurrencyLimiter', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  describe('acquire', () => {
    it('grants a permit at the first eligible backend that has capacity', async () => {
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

    it('grants waiters of one flow their permits in the order of arrival', async () => {
      const limiter = limiterWith({ a: 1 });
      const [first, second, third] = callers(3, limiter, 'a');
      expect(await states(first!, second!, third!)).toEqual(['a', 'waits', 'waits']);
      expect(limiter.running).toBe(1);
      first!.release();
      expect(await states(second!, third!)).toEqual(['a', 'waits']);
      second!.release();
      expect(await states(third!)).toEqual(['a']);
    });

    it('grants a waiter the slot that a generation at another backend released', async () => {
      const limiter = limiterWith({ streams: 2 });
      const [first, , third] = ['a', 'b', 'c'].map((backend) => new Caller(limiter, backend));
      expect(await third!.state()).toBe('waits');
      first!.release();
      expect(await third!.state()).toBe('c');
      expect(limiter.running).toBe(2);
    });

    it('grants a permit past a crowd that waits for another backend: waiters hold no slots', async () => {
      const limiter = limiterWith({ streams: 3, a: 1 });
      const crowd = callers(100, limiter, 'a');
      const passing = [new Caller(limiter, 'b'), new Caller(limiter, 'ab')];
      expect(await states(...passing)).toEqual(['b', 'b']);
      expect(new Set(await states(...crowd.slice(1)))).toEqual(new Set(['waits']));
      const last = new Caller(limiter, 'b');
      passing[0]!.release();
      expect(await states(last, crowd[1]!)).toEqual(['b', 'waits']);
    });

    it('serves flows in turns, however many waiters one flow has', async () => {
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

    it('grants interactive waiters their permits before batch waiters that came earlier', async () => {
      const limiter = limiterWith({ a: 1 });
      const running = new Caller(limiter, 'a');
      const batch = new Caller(limiter, 'a', 'nightly', 'batch');
      const interactive = new Caller(limiter, 'a', 'chat');
      await running.state();
      running.release();
      expect(await states(batch, interactive)).toEqual(['waits', 'a']);
      interactive.release();
      expect(await batch.state()).toBe('a');
    });

    it('grants a batch waiter what interactive waiters cannot use', async () => {
      const limiter = limiterWith({ a: 1, b: 1 });
      const [atA, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
      const interactive = new Caller(limiter, 'b');
      const batch = new Caller(limiter, 'a', 'nightly', 'batch');
      await states(atA, atB);
      atA.release();
      expect(await states(interactive, batch)).toEqual(['waits', 'a']);
    });

    it('reports how long a request waited for capacity', async () => {
      const limiter = limiterWith({ a: 1 });
      const [first, second] = callers(2, limiter, 'a');
      await first!.state();
      vi.advanceTimersByTime(700);
      first!.release();
      await second!.state();
      expect(second!.permit!.waitedMs).toBe(700);
    });
  });

  describe('acquire, when it refuses,', () => {
    it('throws at once when the queue is full', async () => {
      const limiter = limiterWith({ a: 1, queue: { size: 1 } });
      const [first, second] = callers(2, limiter, 'a');
      const refusal = thrownBy(() => new Caller(limiter, 'a'));
      expect([refusal.fault, refusal.status]).toEqual(['overloaded', 503]);
      expect(refusal.retryAfterMs).toBeGreaterThanOrEqual(1000);
      expect(refusal.retryAfterMs).toBeLessThanOrEqual(2000);
      // The refused request left nothing behind.
      await first!.state();
      first!.release();
      expect(await states(second!, new Caller(limiter, 'a'))).toEqual(['a', 'waits']);
    });

    it('throws at once for every request that would have to wait when the queue has size 0', async () => {
      const limiter = limiterWith({ a: 1, queue: { size: 0 } });
      expect(await new Caller(limiter, 'a').state()).toBe('a');
      expect(thrownBy(() => new Caller(limiter, 'a')).fault).toBe('overloaded');
      expect(await new Caller(limiter, 'ab').state()).toBe('b');
    });

    it('rejects a waiter after maxWaitMs, and makes the next one first', async () => {
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

    it('rejects a waiter with the reason of its aborted signal, and counts it no more', async () => {
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

    it('gives nothing to a waiter whose signal is aborted in the turn of a release', async () => {
      const limiter = limiterWith({ a: 1 });
      const [first, second, third] = callers(3, limiter, 'a');
      await first!.state();
      second!.controller.abort('client_closed');
      first!.release();
      expect(await states(second!, third!)).toEqual(['client_closed', 'a']);
      expect(limiter.running).toBe(1);
    });

    it('grants a permit to a waiter whose signal is aborted right after, in the same turn', async () => {
      const limiter = limiterWith({ a: 1 });
      const [first, second] = callers(2, limiter, 'a');
      await first!.state();
      first!.release();
      second!.controller.abort('client_closed');
      expect(await second!.state()).toBe('a');
      second!.release();
      expect(limiter.running).toBe(0);
    });

    it('rejects a request whose signal is aborted already, though there is capacity', async () => {
      const limiter = limiterWith({});
      const left = AbortSignal.abort('client_closed');
      await expect(
        limiter.acquire({ flow: 'x', priority: 'interactive' }, () => ['a'], left),
      ).rejects.toBe('client_closed');
      expect(limiter.running).toBe(0);
    });

    it('throws while the event loop is too slow, and no longer', async () => {
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
      // A waiter is not refused: its retry would be more work than its answer.
      first!.release();
      expect(await second!.state()).toBe('a');
      now += 60;
      await vi.advanceTimersByTimeAsync(50);
      expect(await new Caller(limiter, 'b').state()).toBe('b');
      eventLoop.onApplicationShutdown();
    });
  });

  it('removes its timer and its listener, however a wait ends', async () => {
    const limiter = limiterWith({ a: 1, queue: { maxWaitMs: MAX_WAIT_MS } });
    const [first, granted, late, left, closed] = callers(5, limiter, 'a');
    await first!.state();
    expect(first!.listenerRemoved).not.toHaveBeenCalled();
    // One for each waiter, and one that refreshes their eligible backends.
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

  describe('stopAdmitting', () => {
    it('refuses new requests and waiters at once', async () => {
      const limiter = limiterWith({ a: 1 });
      const [first, second, third] = callers(3, limiter, 'a');
      expect(limiter.refusal).toBeUndefined();
      limiter.stopAdmitting();
      expect(limiter.refusal?.fault).toBe('draining');
      expect(await states(first!, second!, third!)).toEqual(['a', 'draining', 'draining']);
      const refusal = thrownBy(() => new Caller(limiter, 'b'));
      expect([refusal.fault, refusal.callerWaitMs]).toEqual(['draining', 250]);
      first!.release();
      expect(limiter.running).toBe(0);
    });

    it('leaves permits, which can still be reassigned and wait for that', async () => {
      const limiter = limiterWith({ a: 1, b: 1 });
      const [mover, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
      await states(mover, atB);
      expect(await mover.reassign('b')).toBe('waits');
      limiter.stopAdmitting();
      expect(await mover.state()).toBe('waits');
      atB.release();
      expect(await mover.state()).toBe('b');
    });

    it('lets idle() resolve when the last permit is released', async () => {
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
