import type { UsageLimits } from '../contract/caller.js';
import type { Used } from './estimate.js';
import { type Period, type Window, windowAt } from './window.js';

/** Counts are whole numbers, and a token may cost less than a millionth of a dollar. */
const PER_USD = 1e9;

/** Whose usage is counted together, and how much of it is allowed. */
export interface Scope {
  readonly kind: 'caller' | 'model';
  readonly id: string;
  readonly limits: UsageLimits;
}

export type Unit = 'requests' | 'tokens' | 'usd';

/** What may be used of one thing in one period. */
export interface Quota {
  readonly scope: Scope;
  readonly unit: Unit;
  readonly period: Period;
  /** Name of what is counted. */
  readonly name: string;
  /** Its key in the configuration, for metrics. */
  readonly setting: string;
  readonly limit: number;
}

/** A quota with what a request takes of it. */
export interface Charge {
  readonly quota: Quota;
  readonly window: Window;
  readonly amount: number;
}

/** A charge that was made, and all that is used with it. */
export interface Charged extends Charge {
  readonly used: number;
}

/** Whether there is anything to count: the most usual answer is no, and costs nothing. */
export function isLimited(limits: UsageLimits): boolean {
  const { requestsPerMinute, tokensPerMinute, tokensPerDay, concurrentStreams, budgetUsd } = limits;
  return (
    requestsPerMinute !== undefined ||
    tokensPerMinute !== undefined ||
    tokensPerDay !== undefined ||
    concurrentStreams !== undefined ||
    budgetUsd?.perDay !== undefined ||
    budgetUsd?.perMonth !== undefined
  );
}

export function quotasOf(scope: Scope): readonly Quota[] {
  const { requestsPerMinute, tokensPerMinute, tokensPerDay, budgetUsd } = scope.limits;
  const quotas: Quota[] = [];
  const add = (setting: string, unit: Unit, period: Period, given: number | undefined) => {
    if (given === undefined) return;
    const limit = unit === 'usd' ? inCounts(given) : given;
    const name = nameOfCount(scope, unit, period);
    quotas.push({ scope, unit, period, name, setting, limit });
  };
  add('requestsPerMinute', 'requests', 'minute', requestsPerMinute);
  add('tokensPerMinute', 'tokens', 'minute', tokensPerMinute);
  add('tokensPerDay', 'tokens', 'day', tokensPerDay);
  add('budgetUsd.perDay', 'usd', 'day', budgetUsd?.perDay);
  add('budgetUsd.perMonth', 'usd', 'month', budgetUsd?.perMonth);
  return quotas;
}

/** What a request takes of a quota before it is known what it uses. */
export function chargeOf(quota: Quota, used: Used, now: number): Charge {
  const window = windowAt(quota.name, quota.period, now);
  return { quota, window, amount: amountOf(quota, used) };
}

export function amountOf({ unit }: Quota, { tokens, usd }: Used): number {
  if (unit === 'requests') return 1;
  return unit === 'tokens' ? tokens : inCounts(usd);
}

/**
 * Whether a request is one too many. A budget lets in whatever comes before it is spent: nobody
 * knows what an answer will cost.
 */
export function isOver({ quota: { limit, unit }, amount, used }: Charged): boolean {
  return unit === 'usd' ? used - amount >= limit : used > limit;
}

/** Whether it would be one too many at any time. */
export function neverFits({ quota: { limit, unit }, amount }: Charge): boolean {
  return unit === 'tokens' && amount > limit;
}

export function nameOfCount(scope: Pick<Scope, 'kind' | 'id'>, unit: Unit, period: Period): string {
  return `${scope.kind}:${scope.id}:${unit}:${period}`;
}

/** USD as they are counted. */
export function inCounts(usd: number): number {
  return Math.round(usd * PER_USD);
}
