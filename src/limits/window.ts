import { hash } from 'node:crypto';

const MINUTE_MS = 60_000;

export type Period = 'minute' | 'day' | 'month';

/** A span of time in which usage is counted; the next one begins with nothing. */
export interface Window {
  /** Names what is counted and the span itself, so that nothing is ever counted in another one. */
  readonly key: string;
  readonly period: Period;
  readonly endsAt: number;
}

/**
 * The span that `now` is in. Days and months are UTC's. Minutes begin at a second of their own for
 * each `name`: all who wait for a limit would else come back in the same moment.
 */
export function windowAt(name: string, period: Period, now: number): Window {
  if (period === 'minute') {
    const phase = phaseOf(name);
    const index = Math.floor((now + phase) / MINUTE_MS);
    return { key: `${name}:${index}`, period, endsAt: (index + 1) * MINUTE_MS - phase };
  }
  const date = new Date(now);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const iso = date.toISOString();
  return period === 'day'
    ? { key: `${name}:${iso.slice(0, 10)}`, period, endsAt: Date.UTC(year, month, day + 1) }
    : { key: `${name}:${iso.slice(0, 7)}`, period, endsAt: Date.UTC(year, month + 1) };
}

/** The same at every replica. */
function phaseOf(name: string): number {
  return Number.parseInt(hash('sha1', name).slice(0, 8), 16) % MINUTE_MS;
}
