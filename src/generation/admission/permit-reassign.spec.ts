import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limiterWith, states, thrownBy, Caller, callers } from '../../../test/support/caller.js';

const MAX_WAIT_MS = 10_000;

describe('Admission moves a running request', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('to the first backend with room, and calls in who waited for its place', async () => {
    const limiter = limiterWith({ a: 1, b: 1 });
    const [mover, waiting] = callers(2, limiter, 'a');
    await mover!.state();
    expect(await mover!.reassign('bc')).toBe('b');
    expect(await waiting!.state()).toBe('a');
    expect(limiter.running).toBe(2);
    expect(await new Caller(limiter, 'b').state()).toBe('waits');
  });

  it('also when the process is full: it has its seat', async () => {
    const limiter = limiterWith({ streams: 2, a: 1, b: 1 });
    const [mover, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
    await states(mover, atB);
    expect(await mover.reassign('c')).toBe('c');
    expect(await mover.reassign('b')).toBe('waits');
    atB.release();
    expect(await mover.state()).toBe('b');
  });

  it('that has to wait without its old place, with its seat, and in nobody’s queue', async () => {
    const limiter = limiterWith({ streams: 2, a: 1, b: 1, queue: { size: 1 } });
    const [mover, atB] = [new Caller(limiter, 'a'), new Caller(limiter, 'b')];
    await states(mover, atB);
    expect(await mover.reassign('b')).toBe('waits');
    expect(limiter.running).toBe(2);
    // A place at `a` is free, but no seat.
    const entering = new Caller(limiter, 'a');
    expect(await entering.state()).toBe('waits');
    expect(thrownBy(() => new Caller(limiter, 'a')).fault).toBe('overloaded');
    vi.advanceTimersByTime(300);
    atB.release();
    expect(await states(mover, entering)).toEqual(['b', 'a']);
    expect(mover.permit!.waitedMs).toBe(300);
  });

  it('before those of its flow that came later, and in turns with other flows', async () => {
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

  it('back to its own place when the others are full, whoever waits for it', async () => {
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
    ['it waited for too long', async () => vi.advanceTimersByTimeAsync(MAX_WAIT_MS), 'overloaded'],
    [
      'its caller leaves',
      async (mover: Caller) => mover.controller.abort('client_closed'),
      'client_closed',
    ],
  ])('nowhere when %s: the seat is held until it leaves', async (_, end, refused) => {
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
    // Its place at `b` was never taken, and the one at `a` was given back once.
    const later = [new Caller(limiter, 'b'), new Caller(limiter, 'a')];
    expect(await states(...later)).toEqual(['b', 'waits']);
  });

  it('on to yet another backend after a wait that failed', async () => {
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

  it('nowhere when it leaves while it waits, and gives everything back once', async () => {
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
});
