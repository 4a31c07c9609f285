import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { callers, configOf, states } from '../../../test/support/caller.js';
import { LiveConfig } from '../../config/live-config.js';
import { ConcurrencyLimiter } from './concurrency-limiter.js';
import { EventLoopDelay } from '../event-loop-delay.js';

const removed = () => configOf({}, ['b']);

function setUp() {
  const live = new LiveConfig(configOf({ a: 1 }));
  return { live, limiter: new ConcurrencyLimiter(live, new EventLoopDelay()) };
}

describe('ConcurrencyLimiter, when a reload removes a backend', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('keeps its limit while requests of before may want it', async () => {
    const { live, limiter } = setUp();
    const snapshot = live.hold();
    live.replace(removed());
    expect(await states(...callers(2, limiter, 'a'))).toEqual(['a', 'waits']);
    live.release(snapshot);
  });

  it('forgets its limit when nobody can want it any more', async () => {
    const { live, limiter } = setUp();
    const [snapshot] = [live.hold(), live.replace(removed())];
    live.release(snapshot);
    expect(await states(...callers(2, limiter, 'a'))).toEqual(['a', 'a']);
  });

  it('keeps the limit that a later configuration gives to one of the same name', async () => {
    const { live, limiter } = setUp();
    live.replace(removed());
    live.replace(configOf({ a: 2 }));
    expect(await states(...callers(3, limiter, 'a'))).toEqual(['a', 'a', 'waits']);
  });
});
