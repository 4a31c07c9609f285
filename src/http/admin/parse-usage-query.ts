import type { Request } from 'express';
import { USAGE_GROUPS, type UsageGroup, type UsageQuery } from '../../ledger/usage-store.js';
import { refusal, refuseUnknown, textIn } from './query-params.js';

/** A day, or a moment of it; without an offset it is UTC's. In a query "+" is a space. */
const TIME =
  /^(?<day>\d{4}-\d{2}-\d{2})(?<time>T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?<offset>Z|[+ -]\d{2}:\d{2})?$/;

const KNOWN = ['from', 'to', 'by'];

/** @throws GatewayError `invalid_request` naming the parameter */
export function parseUsageQuery(
  query: Request['query'],
  now = new Date(),
): Omit<UsageQuery, 'limit'> {
  refuseUnknown(query, KNOWN);
  const to = timeIn(query, 'to') ?? now;
  const from = timeIn(query, 'from') ?? new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth()));
  if (from >= to) throw refusal('from', 'must be before to, which is now where it is not given');
  return { from, to, by: groupsIn(query) };
}

function timeIn(query: Request['query'], name: 'from' | 'to'): Date | undefined {
  const text = textIn(query, name);
  if (text === undefined) return undefined;
  const { day = '', time = 'T00:00', offset = 'Z' } = TIME.exec(text)?.groups ?? {};
  const parsed = new Date(day + time + offset.replace(' ', '+'));
  // The 31st of February is the 3rd of March for some.
  if (isDay(day) && !Number.isNaN(parsed.getTime())) return parsed;
  throw refusal(
    name,
    'must be a day such as 2026-11-26, or a time such as 2026-11-26T08:00:00Z, in UTC unless it says otherwise',
  );
}

function isDay(text: string): boolean {
  const day = new Date(text);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function groupsIn(query: Request['query']): UsageGroup[] {
  const text = textIn(query, 'by');
  if (text === undefined) return [];
  const groups = text.split(',').map((each) => USAGE_GROUPS.find((group) => group === each));
  const known = groups.filter((each) => each !== undefined);
  if (known.length === groups.length && new Set(known).size === known.length) return known;
  throw refusal('by', `must be some of ${USAGE_GROUPS.join(', ')}, separated by commas, each once`);
}
