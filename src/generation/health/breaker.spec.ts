import { beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../contract/faults.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { Breaker, type BreakerCall } from './breaker.js';

const SETTINGS = { failures: 5, ratio: 0.5, windowMs: 30_000, cooldownMs: 10_000 };
const fault = (name: Fault, retryAfterMs?: number) =>
  new GatewayError(name, 'x', retryAfterMs === undefined ? {} : { retryAfterMs });

describe('Breaker', () => {
  let nowMs: number;
  let turns: string[];
  let breaker: Breaker;
  beforeEach(() => {
    nowMs = 1_000_000;
    turns = [];
    breaker = new Breaker(
      SETTINGS,
      (state, why) => turns.push(why ? `${state}: ${why}` : state),
      () => nowMs,
    );
  });

  function fail(times: number, name: Fault = 'upstream_unavailable'): void {
    for (let n = 0; n < times; n += 1) breaker.track('a').failed(fault(name));
  }

  function answer(times: number): void {
    for (let n = 0; n < times; n += 1) breaker.track('a').answered();
  }

  function suspect(flow: string, times = 1): void {
    for (let n = 0; n < times; n += 1) {
      const error = new GatewayError('upstream_credentials', 'x', { breakerEffect: 'suspect' });
      breaker.track(flow).failed(error);
    }
  }

  it('opens after five failures in a row, and not before', () => {
    fail(4);
    expect(breaker.allows()).toBe(true);
    fail(1);
    expect(breaker.allows()).toBe(false);
    expect(breaker.msUntilAllowed).toBe(10_000);
    expect(turns).toEqual(['open: upstream_unavailable']);
  });

  it('says for how long it stays open', () => {
    fail(5);
    nowMs += 9999;
    expect([breaker.allows(), breaker.allows(1), breaker.msUntilAllowed]).toEqual([false, true, 1]);
    nowMs += 1;
    expect([breaker.allows(), breaker.msUntilAllowed]).toEqual([true, 0]);
  });

  it('is not opened by a harmless 0.2 % of errors, however many those are', () => {
    for (let n = 0; n < 100; n += 1) {
      answer(499);
      fail(1);
    }
    expect(turns).toEqual([]);
  });

  it('opens at half of the attempts, not below', () => {
    answer(6);
    fail(5);
    expect(turns).toEqual([]);
    fail(1);
    expect(turns).toHaveLength(1);
  });

  it('forgets failures that have left the window', () => {
    fail(4);
    nowMs += 30_000;
    fail(4);
    expect(breaker.allows()).toBe(true);
  });

  it('counts an answer that breaks off as one attempt that failed', () => {
    for (let n = 0; n < 5; n += 1) {
      const trial = breaker.track('a');
      trial.answered();
      trial.failed(fault('upstream_cut'));
    }
    expect(turns).toEqual(['open: upstream_cut']);
  });

  it.each<Fault>([
    'invalid_request',
    'unsupported_feature',
    'context_too_long',
    'content_filtered',
    'total_timeout',
  ])('never counts %s', (name) => {
    fail(100, name);
    expect(turns).toEqual([]);
  });

  it('never counts cancellations', () => {
    for (let n = 0; n < 100; n += 1) breaker.track('a').cancelled();
    expect(turns).toEqual([]);
  });

  describe('after its cooldown', () => {
    let probe: BreakerCall;
    beforeEach(() => {
      fail(5);
      nowMs += 10_000;
      probe = breaker.track('a');
    });

    it('lets a single probe through', () => {
      expect(breaker.allows()).toBe(false);
      expect(turns.at(-1)).toBe('half_open');
    });

    it('closes when the probe has its first content, and starts to count anew', () => {
      probe.answered();
      expect(turns.at(-1)).toBe('closed');
      fail(4);
      expect(breaker.allows()).toBe(true);
    });

    it('opens for as long again when the probe fails', () => {
      probe.failed(fault('upstream_unavailable'));
      expect(breaker.msUntilAllowed).toBe(10_000);
    });

    it('sends another probe when the first one was cancelled, or was its caller’s mistake', () => {
      probe.cancelled();
      expect(breaker.allows()).toBe(true);
      breaker.track('a').failed(fault('invalid_request'));
      expect(breaker.allows()).toBe(true);
      expect(turns.filter((turn) => turn === 'closed')).toEqual([]);
    });

    it('is not moved by attempts that began before it opened', () => {
      breaker = new Breaker(
        SETTINGS,
        (state) => turns.push(state),
        () => nowMs,
      );
      const early = breaker.track('a');
      fail(5);
      early.answered();
      expect(breaker.allows()).toBe(false);
    });
  });

  it('is closed by an answer that was asked for while it was open, for want of anybody else', () => {
    fail(5);
    breaker.track('a').answered();
    expect(breaker.allows()).toBe(true);
  });

  it('passes again at once when another than its probe was answered', () => {
    fail(5);
    nowMs += 10_000;
    breaker.track('a');
    breaker.track('a').answered();
    expect(turns.at(-1)).toBe('closed');
    expect(breaker.allows()).toBe(true);
  });

  it('is not kept open by requests that were sent all the same', () => {
    fail(5);
    nowMs += 5000;
    fail(20);
    expect(breaker.msUntilAllowed).toBe(5000);
  });

  it.each<Fault>(['quota_exhausted', 'upstream_credentials', 'upstream_model_missing'])(
    'opens at once for %s, twice as long each time, up to 5 minutes',
    (name) => {
      const waits: number[] = [];
      for (let n = 0; n < 7; n += 1) {
        fail(1, name);
        waits.push(breaker.msUntilAllowed);
        nowMs += breaker.msUntilAllowed;
      }
      expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
      answer(1);
      fail(1, name);
      expect(breaker.msUntilAllowed).toBe(10_000);
    },
  );

  it('rests until the Retry-After of a 429, at most 60 s, and is no less trusted then', () => {
    breaker.track('a').failed(fault('rate_limited', 3000));
    expect(breaker.allows()).toBe(false);
    expect(breaker.allows(3000)).toBe(true);
    nowMs += 3000;
    expect(breaker.allows()).toBe(true);
    breaker.track('a').failed(fault('rate_limited', 3_600_000));
    expect(breaker.msUntilAllowed).toBe(60_000);
    expect(turns).toEqual([]);
  });

  describe('for 429s that name no time', () => {
    it('does not rest for the first one', () => {
      fail(1, 'rate_limited');
      expect(breaker.allows()).toBe(true);
    });

    it('rests once they repeat, twice as long each time, up to 30 s', () => {
      fail(1, 'rate_limited');
      const waits: number[] = [];
      for (let n = 0; n < 7; n += 1) {
        fail(1, 'rate_limited');
        waits.push(breaker.msUntilAllowed);
        nowMs += breaker.msUntilAllowed;
      }
      expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
      expect(turns).toEqual([]);
    });

    it('takes those that come while it rests for one', () => {
      fail(100, 'rate_limited');
      expect(breaker.msUntilAllowed).toBe(1000);
    });

    it('begins anew once it was answered, and after a long time', () => {
      fail(2, 'rate_limited');
      nowMs += 1000;
      answer(1);
      fail(1, 'rate_limited');
      expect(breaker.allows()).toBe(true);
      nowMs += 61_000;
      fail(1, 'rate_limited');
      expect(breaker.allows()).toBe(true);
    });
  });

  describe('a failure that may be about its caller’s request', () => {
    it('never opens a target that another flow is answered by, however often it comes', () => {
      breaker.track('b').answered();
      suspect('a', 1000);
      expect(turns).toEqual([]);
    });

    it('does not hide what fails for others', () => {
      breaker.track('b').answered();
      suspect('a', 1000);
      fail(5);
      expect(turns).toEqual(['open: upstream_unavailable']);
    });

    it('opens like any failure once it comes from two flows', () => {
      breaker.track('c').answered();
      suspect('a', 4);
      expect(turns).toEqual([]);
      suspect('b');
      expect(turns).toEqual(['open: upstream_credentials']);
    });

    it('opens like any failure where no other flow was answered within the window', () => {
      breaker.track('b').answered();
      nowMs += 30_000;
      suspect('a', 4);
      expect(turns).toEqual([]);
      suspect('a');
      expect(turns).toEqual(['open: upstream_credentials']);
    });

    it('does not open below the ratio', () => {
      answer(6);
      suspect('a', 5);
      expect(turns).toEqual([]);
    });

    it('fails the probe of a target that it had opened, and no other probe', () => {
      suspect('a', 5);
      nowMs += 10_000;
      suspect('a');
      expect(breaker.msUntilAllowed).toBe(10_000);
      nowMs += 10_000;
      breaker.track('a').answered();
      fail(5);
      nowMs += 10_000;
      suspect('a');
      expect(breaker.allows()).toBe(true);
    });
  });
});
