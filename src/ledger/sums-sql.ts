import type { UsageQuery } from './usage-store.js';

const SUMS = [
  'count(*) AS requests',
  'coalesce(sum(input_tokens), 0) AS "inputTokens"',
  'coalesce(sum(output_tokens), 0) AS "outputTokens"',
  'coalesce(sum(cached_input_tokens), 0) AS "cachedInputTokens"',
  'coalesce(sum(reasoning_tokens), 0) AS "reasoningTokens"',
  'coalesce(sum(cost_usd), 0) AS "costUsd"',
  'count(*) - count(cost_usd) AS "requestsWithoutCost"',
];

/** Where the two databases differ. */
interface Words {
  /** The day of a row, in UTC. */
  readonly day: string;
  /** What a parameter's number stands behind. */
  readonly parameter: '$' | '?';
}

/** The query for sums; its parameters are `from`, `to` and the limit. */
export function sumsSql({ by }: UsageQuery, { day, parameter }: Words): string {
  const groups = by.map((group) => (group === 'day' ? `${day} AS day` : group));
  const places = by.map((_, index) => index + 1).join(', ');
  return [
    `SELECT ${[...groups, ...SUMS].join(', ')} FROM sluice_usage`,
    `WHERE ended_at >= ${parameter}1 AND ended_at < ${parameter}2`,
    by.length > 0 ? `GROUP BY ${places} ORDER BY ${places}` : '',
    `LIMIT ${parameter}3`,
  ].join(' ');
}
