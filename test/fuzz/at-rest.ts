import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters } from '../load/counters.js';
import { markIn } from './case-mark.js';
import type { RequestPlan } from './request-plan.js';
import type { Session } from './session.js';
import type { Violation } from './violation.js';

/** How long timers of idle connections may live on. */
const TIMERS_MS = 12_000;

/** What has to hold whenever no caller waits for anything. */
export function atRest(
  session: Session,
  before: Counters,
  after: Counters,
  lines: number,
  plans: readonly RequestPlan[],
): Violation[] {
  const cases = plans.map(({ k }) => k);
  const { busy, sluice, mistakes } = session;
  const streams = after.streams - before.streams;
  const internal = after.internalErrors - before.internalErrors;
  const counted = streams + after.rejections - before.rejections;
  const least = plans.reduce((sum, { counts }) => sum + counts[0], 0);
  const most = plans.reduce((sum, { counts }) => sum + counts[1], 0);
  const expected = least === most ? `${least}` : `${least} to ${most}`;
  const isCounted = counted >= least && counted <= most;
  return [
    ...(after.active === 0 ? [] : [`${after.active} streams never ended`]),
    ...(busy === 0 ? [] : [`${busy} upstream connections are never let go of`]),
    ...(lines === streams ? [] : [`${lines} log lines of ${streams} streams`]),
    ...(internal === 0 ? [] : [`${internal} streams ended by internal_error`]),
    ...(isCounted ? [] : [`${counted} requests were counted instead of ${expected}`]),
    ...mistakes.splice(0).map((what) => `the fuzzer itself: ${what}`),
  ]
    .map((what): Violation => ({ what, cases }))
    .concat(sluice.errorLines.splice(0).map((what) => ({ what, cases: casesIn(what, cases) })));
}

/** What has to hold once all connections are idle for long. */
export async function leftOvers(session: Session, socketsAtStart: number): Promise<Violation[]> {
  const { sluice, connections } = session;
  const until = performance.now() + TIMERS_MS;
  let sample = await sluice.sample();
  while (sample.timers.length > 0 && performance.now() < until) {
    await sleep(500);
    sample = await sluice.sample();
  }
  const sockets = (sample.sockets ?? 0) - socketsAtStart;
  return [
    ...(connections === 0 ? [] : [`${connections} connections to upstreams are left`]),
    ...(sockets <= 0 ? [] : [`${sockets} sockets are left`]),
    ...sample.timers.map((timer) => `a timer is left: ${timer}`),
    ...sample.warnings.map((warning) => `a warning: ${warning}`),
    ...(sample.unhandled === 0 ? [] : [`${sample.unhandled} unhandled rejections`]),
  ].map((what) => ({ what, cases: [] }));
}

function casesIn(line: string, otherwise: readonly number[]): readonly number[] {
  const k = markIn(line);
  return k === undefined ? otherwise : [k];
}
