import { Counter, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { ANONYMOUS, type UsageLimits } from '../contract/caller.js';
import type { GenerationRecord } from '../contract/generation.js';
import { LocalStore } from './store/local-store.js';
import { UsageLimiter, type Verdict } from './usage-limiter.js';

const REFUSALS = {
  name: 'refusals',
  help: 'x',
  labelNames: ['caller', 'model', 'limit', 'of'],
  registers: [new Registry()],
};
const DAY = { tokensPerDay: 10_000, concurrentStreams: 1 };

function limiter(store = new LocalStore()) {
  const limits = new UsageLimiter(store, new Counter({ ...REFUSALS, registers: [new Registry()] }));
  /** 100 tokens of input, 1,000 of output. */
  const reserve = (ofCaller: UsageLimits, ofModel: UsageLimits = {}) =>
    limits.reserve({
      call: { caller: { ...ANONYMOUS, id: 'alice', limits: ofCaller }, flow: 'alice' },
      route: { model: 'm', limits: ofModel, tiers: [] },
      chat: { messages: [], sampling: {} },
      bytes: 400,
    });
  return { store, reserve };
}

const left = ({ standings }: Verdict) => standings.tokens?.remaining;

/** A generation of which one attempt reported 12 tokens. */
const ENDED = {
  attemptsBegun: 1,
  endReason: 'completed',
  attempts: [{ outcome: 'ok', contentParts: 3 }],
  bill: {
    input: { tokens: 9, source: 'reported' },
    output: { tokens: 3, source: 'reported' },
    costsUsd: new Map(),
  },
} as unknown as GenerationRecord;

function unserved(endReason: string): GenerationRecord {
  return { attemptsBegun: 0, endReason, attempts: [] } as unknown as GenerationRecord;
}

describe('UsageLimiter', () => {
  it('makes no promise where there is nothing to count', () => {
    const { reserve, store } = limiter();
    expect(reserve({}, { budgetUsd: {} })).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it('settles once, however often its end is told', async () => {
    const { reserve } = limiter();
    const { reservation } = (await reserve(DAY))!;
    reservation.settle(ENDED);
    reservation.settle(ENDED);
    reservation.release();
    expect(left((await reserve(DAY))!)).toBe(10_000 - 12 - 1100);
  });

  it('releases once, and settles nothing after that', async () => {
    const { reserve } = limiter();
    const { reservation } = (await reserve(DAY))!;
    reservation.release();
    reservation.release();
    reservation.settle(ENDED);
    expect(left((await reserve(DAY))!)).toBe(10_000 - 1100);
  });

  it('takes nothing of any limit for what one of them refuses', async () => {
    const { reserve, store } = limiter();
    const { refusal } = (await reserve(DAY, { tokensPerMinute: 1099 }))!;
    expect(refusal?.fault).toBe('rate_limited');
    expect(store.leases.size).toBe(0);
    expect(left((await reserve(DAY))!)).toBe(10_000 - 1100);
  });

  it('releases what never got to an upstream, but for what its caller left', async () => {
    const { reserve } = limiter();
    const limits = { requestsPerMinute: 10 };
    const requests = async () => (await reserve(limits))!.standings.requests?.remaining;
    (await reserve(limits))!.reservation.settle(unserved('rejected'));
    expect(await requests()).toBe(9);
    (await reserve(limits))!.reservation.settle(unserved('client_closed'));
    expect(await requests()).toBe(7);
  });

  it('tells of the limit that lasts longest', async () => {
    const { reserve } = limiter();
    const budget = { budgetUsd: { perDay: 1 }, requestsPerMinute: 1, tokensPerDay: 1200 };
    await reserve(budget);
    expect((await reserve(budget))!.refusal?.message).toContain('per day');
  });

  it('tells first what never fits, of several the least, and of no wait', async () => {
    const { reserve } = limiter();
    await reserve({ requestsPerMinute: 1 });
    const limits = { requestsPerMinute: 1, tokensPerMinute: 1000, tokensPerDay: 1050 };
    const { refusal } = (await reserve(limits, { tokensPerMinute: 999 }))!;
    expect(refusal?.message).toContain('999 are allowed per minute for the model "m", so it never');
    expect(refusal).toMatchObject({
      callerWaitMs: undefined,
      shouldRetry: false,
      retryable: false,
    });
  });
});
