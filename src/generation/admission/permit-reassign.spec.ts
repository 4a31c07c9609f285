import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../contract/gateway-error.js';
import { limiterWith, states, thrownBy, Caller, callers } from '../../../test/support/caller.js';

const MAX_WAIT_MS = 10_000;

describe('Permit.reassign', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('takes capacity at the first backend that has some, and leaves its own to a waiter', async () => {
    const limiter = limiterWith({ a: 1, b: 1 });
    const [mover, waiting] = callers(2, limiter, 'a');
    await mover!.state();
    expect(await mover!.reassign('bc')).toBe('b');
    expect(await waiting!.state()).toBe('a');
    expect(limiter.running).toBe(2);
    expect(await new Caller(limiter, 'b').state()).toBe('waits');
  });

  it('needs no slot, even when all are taken', async () => {
    const limiter = limiterWith({ streams: 2, a: 1, b: 1 });
    const [mover, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
    await states(mover, atB);
    expect(await mover.reassign('c')).toBe('c');
    expect(await mover.reassign('b')).toBe('waits');
    atB.release();
    expect(await mover.state()).toBe('b');
  });

  it('waits with its slot and without its old capacity, and does not count against queue.size', async () => {
    const limiter = limiterWith({ streams: 2, a: 1, b: 1, queue: { size: 1 } });
    const [mover, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
    await states(mover, atB);
    expect(await mover.reassign('b')).toBe('waits');
    expect(limiter.running).toBe(2);
    // There is capacity at `a`, but no slot.
    const entering = new Caller(limiter, 'a');
    expect(await entering.state()).toBe('waits');
    expect(thrownBy(() => new Caller(limiter, 'a')).fault).toBe('overloaded');
    vi.advanceTimersByTime(300);
    atB.release();
    expect(await states(mover, entering)).toEqual(['b', 'a']);
    expect(mover.permit!.waitedMs).toBe(300);
  });

  it('waits in its flow by its age, and in turns with other flows', async () => {
    const limiter = limiterWith({ a: 2, b: 1 });
    const first = new Caller(limiter, 'a', 'x');
    const second = new Caller(limiter, 'a', 'x');
    const atB = new Caller(limiter, 'b', 'x');
    const y = new Caller(limiter, 'b', 'y');
    const x = new Caller(limiter, 'b', 'x');
    await states(first, second, atB);
    expect(await second.reassign('b')).toBe('waits');
    expect(await first.reassign('b')).toBe('waits');
    atB.release();
    expect(await y.state()).toBe('b');
    y.release();
    expect(await states(first, second, x)).toEqual(['b', 'waits', 'waits']);
    first.release();
    expect(await states(second, x)).toEqual(['b', 'waits']);
  });

  it('keeps its own capacity when the better backends are full, whatever waits for it', async () => {
    const limiter = limiterWith({ a: 1, b: 1 });
    const [mover, atB, waiting] = ['a', 'b', 'a'].map((id) => new Caller(limiter, id));
    await states(mover!, atB!);
    expect(await mover!.reassign('ba')).toBe('a');
    expect(await waiting!.state()).toBe('waits');
    atB!.release();
    expect(await mover!.reassign('ba')).toBe('b');
    expect(await waiting!.state()).toBe('a');
  });

  it.each([
    ['maxWaitMs passes', async () => vi.advanceTimersByTimeAsync(MAX_WAIT_MS), 'overloaded'],
    [
      'its signal is aborted',
      async (mover: Caller) => mover.controller.abort('client_closed'),
      'client_closed',
    ],
  ])('rejects when %s, and keeps the slot until it is released', async (_, end, refused) => {
    const limiter = limiterWith({
      streams: 2,
      a: 1,
      b: 1,
      queue: { maxWaitMs: MAX_WAIT_MS },
    });
    const [mover, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
    await states(mover, atB);
    await mover.reassign('b');
    await end(mover);
    expect(await mover.state()).toBe(refused);
    expect(limiter.running).toBe(2);
    const entering = new Caller(limiter, 'a');
    expect(await entering.state()).toBe('waits');
    mover.release();
    expect(await entering.state()).toBe('a');
    atB.release();
    // Capacity at `b` was never taken, and that at `a` was released once.
    const later = [new Caller(limiter, 'b'), new Caller(limiter, 'a')];
    expect(await states(...later)).toEqual(['b', 'waits']);
  });

  it('rejects when none of its backends may be asked any more, and leaves the others waiting', async () => {
    const limiter = limiterWith({ a: 1, b: 1, queue: { maxWaitMs: MAX_WAIT_MS } });
    const [mover, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
    await states(mover, atB);
    let eligible = ['b'];
    const reassigned = mover
      .permit!.reassign(() => eligible)
      .catch((error: unknown) => GatewayError.from(error));
    const behind = callers(2, limiter, 'b');
    eligible = [];
    await vi.advanceTimersByTimeAsync(300);
    expect(await Promise.race([reassigned, Promise.resolve('waits')])).toMatchObject({
      fault: 'upstream_unavailable',
    });
    expect(await states(...behind)).toEqual(['waits', 'waits']);
    atB.release();
    expect(await states(...behind)).toEqual(['b', 'waits']);
  });

  it('takes capacity at yet another backend after a wait that failed', async () => {
    const limiter = limiterWith({ a: 1, b: 1, queue: { maxWaitMs: MAX_WAIT_MS } });
    const [mover] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
    await mover.state();
    await mover.reassign('b');
    await vi.advanceTimersByTimeAsync(MAX_WAIT_MS);
    expect(await mover.state()).toBe('overloaded');
    expect(await mover.reassign('a')).toBe('a');
    mover.release();
    expect(limiter.running).toBe(1);
  });

  it('rejects when its permit is released while it waits, and releases everything once', async () => {
    const limiter = limiterWith({ a: 1, b: 1 });
    const [mover, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
    await states(mover, atB);
    await mover.reassign('b');
    mover.release();
    mover.release();
    expect(await mover.state()).toBe('internal');
    expect(limiter.running).toBe(1);
    atB.release();
    const later = ['b', 'a', 'b', 'a'].map((id) => new Caller(limiter, id));
    expect(await states(...later)).toEqual(['b', 'a', 'waits', 'waits']);
  });

  it('releases capacity that was granted in the turn in which the permit is released', async () => {
    const limiter = limiterWith({ a: 1, b: 1 });
    const [mover, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
    await states(mover, atB);
    await mover.reassign('b');
    atB.release();
    mover.release();
    expect(limiter.running).toBe(0);
    const later = ['b', 'a', 'b', 'a'].map((id) => new Caller(limiter, id));
    expect(await states(...later)).toEqual(['b', 'a', 'waits', 'waits']);
  });

  it('rejects on a permit that was released, and takes nothing', async () => {
    const limiter = limiterWith({ a: 1 });
    const caller = new Caller(limiter, 'a');
    await caller.state();
    caller.release();
    expect(await caller.reassign('a')).toBe('internal');
    expect(limiter.running).toBe(0);
    expect(await new Caller(limiter, 'a').state()).toBe('a');
  });
});
