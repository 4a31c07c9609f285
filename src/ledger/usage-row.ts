import type { Bill, GenerationRecord } from '../contract/generation.js';

/** What the ledger keeps of one generation: who, what and how much, never what was said. */
export interface UsageRow {
  /** When it ended, in ms since 1970. */
  readonly endedAt: number;
  /** Tells it from all others, so that a row that is written again is not counted again. */
  readonly streamId: string;
  readonly requestId: string;
  readonly caller: string;
  readonly model: string;
  /** `backend/model` of the target that answered. */
  readonly target: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly reasoningTokens: number | null;
  /** `reported` where all tokens are; nothing where there are none. */
  readonly source: 'reported' | 'counted' | null;
  readonly costUsd: number | null;
  readonly endReason: string;
}

/** Names of columns, in the order of `valuesOf`. */
export const COLUMNS = [
  'ended_at',
  'stream_id',
  'request_id',
  'caller',
  'model',
  'target',
  'input_tokens',
  'output_tokens',
  'cached_input_tokens',
  'reasoning_tokens',
  'source',
  'cost_usd',
  'end_reason',
] as const;

export type Value = string | number | null;

export function valuesOf(row: UsageRow): Value[] {
  return [
    row.endedAt,
    row.streamId,
    row.requestId,
    row.caller,
    row.model,
    row.target,
    row.inputTokens,
    row.outputTokens,
    row.cachedInputTokens,
    row.reasoningTokens,
    row.source,
    row.costUsd,
    row.endReason,
  ];
}

export function toUsageRow(record: GenerationRecord, endedAt = Date.now()): UsageRow {
  const { bill, target } = record;
  return {
    endedAt,
    streamId: record.id,
    requestId: record.requestId,
    caller: storable(record.caller.id),
    model: storable(record.model),
    target: target ? storable(`${target.backend}/${target.model}`) : null,
    inputTokens: bill?.input?.tokens ?? null,
    outputTokens: bill?.output?.tokens ?? null,
    cachedInputTokens: bill?.cachedInput ?? null,
    reasoningTokens: bill?.reasoning ?? null,
    source: sourceOf(bill),
    costUsd: record.costUsd ?? null,
    endReason: record.endReason ?? 'internal_error',
  };
}

function sourceOf(bill: Bill | undefined): UsageRow['source'] {
  const sources = [bill?.input, bill?.output].flatMap((count) => count?.source ?? []);
  if (sources.length === 0) return null;
  return sources.includes('counted') ? 'counted' : 'reported';
}

/** Bounds what a row takes while it waits, and leaves out what PostgreSQL refuses in a text. */
const MAX_CHARS = 256;

function storable(text: string): string {
  return text.slice(0, MAX_CHARS).toWellFormed().replaceAll('\0', '');
}
