import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { admissionWith, states, thrownBy, Caller, visitors } from '../../../test/support/caller.js';

const MAX_WAIT_MS = 10_000;

describe('Admission moves a running request', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('to the first backend with room, and calls in who waited for its place', async () => {
    const admission = admissionWith({ a: 1, b: 1 });
    const [mover, waiting] = visitors(2, admission, 'a');
    await mover!.state();
    expect(await mover!.moveTo('bc')).toBe('b');
    expect(await waiting!.state()).toBe('a');
    expect(admission.running).toBe(2);
    expect(await new Caller(admission, 'b').state()).toBe('waits');
  });

  it('also when the process is full: it has its seat', async () => {
    const admission = admissionWith({ streams: 2, a: 1, b: 1 });
    const [mover, atB] = [new Caller(admission, 'a'), new Caller(admission, 'b')];
    await states(mover, atB);
    expect(await mover.moveTo('c')).toBe('c');
    expect(await mover.moveTo('b')).toBe('waits');
    atB.leave();
    expect(await mover.state()).toBe('b');
  });

  it('that has to wait without its old place, with its seat, and in nobody’s queue', async () => {
    const admission = admissionWith({ streams: 2, a: 1, b: 1, queue: { size: 1 } });
    const [mover, atB] = [new Caller(admission, 'a'), new Caller(admission, 'b')];
    await states(mover, atB);
    expect(await mover.moveTo('b')).toBe('waits');
    expect(admission.running).toBe(2);
    // A place at `a` is free, but no seat.
    const entering = new Caller(admission, 'a');
    expect(await entering.state()).toBe('waits');
    expect(thrownBy(() => new Caller(admission, 'a')).fault).toBe('overloaded');
    vi.advanceTimersByTime(300);
    atB.leave();
    expect(await states(mover, entering)).toEqual(['b', 'a']);
    expect(mover.place!.waitedMs).toBe(300);
  });

  it('before those of its flow that came later, and in turns with other flows', async () => {
    const admission = admissionWith({ a: 2, b: 1 });
    const first = new Caller(admission, 'a', 'x');
    const second = new Caller(admission, 'a', 'x');
    const atB = new Caller(admission, 'b', 'x');
    const y = new Caller(admission, 'b', 'y');
    const x = new Caller(admission, 'b', 'x');
    await states(first, second, atB);
    expect(await second.moveTo('b')).toBe('waits');
    expect(await first.moveTo('b')).toBe('waits');
    atB.leave();
    expect(await y.state()).toBe('b');
    y.leave();
    expect(await states(first, second, x)).toEqual(['b', 'waits', 'waits']);
    first.leave();
    expect(await states(second, x)).toEqual(['b', 'waits']);
  });

  it('back to its own place when the others are full, whoever waits for it', async () => {
    const admission = admissionWith({ a: 1, b: 1 });
    const [mover, atB, waiting] = ['a', 'b', 'a'].map((id) => new Caller(admission, id));
    await states(mover!, atB!);
    expect(await mover!.moveTo('ba')).toBe('a');
    expect(await waiting!.state()).toBe('waits');
    atB!.leave();
    expect(await mover!.moveTo('ba')).toBe('b');
    expect(await waiting!.state()).toBe('a');
  });

  it.each([
    ['it waited for too long', async () => vi.advanceTimersByTimeAsync(MAX_WAIT_MS), 'overloaded'],
    [
      'its caller leaves',
      async (mover: Caller) => mover.caller.abort('client_closed'),
      'client_closed',
    ],
  ])('nowhere when %s: the seat is held until it leaves', async (_, end, refused) => {
    const admission = admissionWith({
      streams: 2,
      a: 1,
      b: 1,
      queue: { maxWaitMs: MAX_WAIT_MS },
    });
    const [mover, atB] = [new Caller(admission, 'a'), new Caller(admission, 'b')];
    await states(mover, atB);
    await mover.moveTo('b');
    await end(mover);
    expect(await mover.state()).toBe(refused);
    expect(admission.running).toBe(2);
    const entering = new Caller(admission, 'a');
    expect(await entering.state()).toBe('waits');
    mover.leave();
    expect(await entering.state()).toBe('a');
    atB.leave();
    // Its place at `b` was never taken, and the one at `a` was given back once.
    const later = [new Caller(admission, 'b'), new Caller(admission, 'a')];
    expect(await states(...later)).toEqual(['b', 'waits']);
  });

  it('on to yet another backend after a wait that failed', async () => {
    const admission = admissionWith({ a: 1, b: 1, queue: { maxWaitMs: MAX_WAIT_MS } });
    const [mover] = [new Caller(admission, 'a'), new Caller(admission, 'b')];
    await mover.state();
    await mover.moveTo('b');
    await vi.advanceTimersByTimeAsync(MAX_WAIT_MS);
    expect(await mover.state()).toBe('overloaded');
    expect(await mover.moveTo('a')).toBe('a');
    mover.leave();
    expect(admission.running).toBe(1);
  });

  it('nowhere when it leaves while it waits, and gives everything back once', async () => {
    const admission = admissionWith({ a: 1, b: 1 });
    const [mover, atB] = [new Caller(admission, 'a'), new Caller(admission, 'b')];
    await states(mover, atB);
    await mover.moveTo('b');
    mover.leave();
    mover.leave();
    expect(await mover.state()).toBe('internal');
    expect(admission.running).toBe(1);
    atB.leave();
    const later = ['b', 'a', 'b', 'a'].map((id) => new Caller(admission, id));
    expect(await states(...later)).toEqual(['b', 'a', 'waits', 'waits']);
  });
});
