import { defined } from '../contract/json.js';
import type { AttemptRecord, GenerationRecord } from '../contract/generation.js';
import { summaryOf, type WaitSummary } from '../contract/waits.js';

/** What an operator reads of an attempt: what it used stands with the stream, once for all of them. */
export interface AttemptReport extends Omit<
  AttemptRecord,
  'backend' | 'model' | 'durationMs' | 'upstreamModel' | 'usage' | 'contentParts' | 'price'
> {
  readonly target: string;
  readonly ms: number;
}

/** What is told of it as it is; durations in whole milliseconds. */
type Told = Pick<
  GenerationRecord,
  | 'requestId'
  | 'address'
  | 'dialect'
  | 'model'
  | 'streaming'
  | 'endReason'
  | 'fault'
  | 'finishReason'
  | 'durationMs'
  | 'timeToFirstContentMs'
  | 'costUsd'
  | 'contentParts'
  | 'queuedMs'
>;

/** What an operator reads of a stream: everything but what was asked and answered. */
export interface StreamReport extends Told, WaitSummary {
  readonly streamId: string;
  /** Of the trace that its request is part of. */
  readonly traceId?: string | undefined;
  readonly caller: string;
  /** `backend/model`. */
  readonly target?: string | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cachedInputTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
  readonly recoveries?: GenerationRecord['recoveries'] | undefined;
  readonly attempts: readonly AttemptReport[];
}

/** Without what is not known. */
export function reportOf(record: GenerationRecord): StreamReport {
  const { usage, target } = record;
  return defined({
    requestId: record.requestId,
    streamId: record.id,
    traceId: record.trace?.traceId,
    caller: record.caller.id,
    address: record.address,
    dialect: record.dialect,
    model: record.model,
    target: target ? `${target.backend}/${target.model}` : undefined,
    streaming: record.streaming,
    endReason: record.endReason,
    fault: record.fault,
    finishReason: record.finishReason,
    durationMs: Math.round(record.durationMs),
    timeToFirstContentMs: rounded(record.timeToFirstContentMs),
    inputTokens: usage?.input,
    outputTokens: usage?.output,
    cachedInputTokens: usage?.cachedInput,
    reasoningTokens: usage?.reasoning,
    costUsd: record.costUsd,
    contentParts: record.contentParts,
    ...summaryOf(record.waits),
    queuedMs: rounded(record.queuedMs),
    recoveries: record.recoveries.length > 0 ? record.recoveries : undefined,
    attempts: record.attempts.map(toAttemptReport),
  });
}

export function toAttemptReport({
  backend,
  model,
  durationMs,
  cancelMs,
  upstreamModel: _upstreamModel,
  usage: _usage,
  contentParts: _parts,
  price: _price,
  ...attempt
}: AttemptRecord): AttemptReport {
  return {
    target: `${backend}/${model}`,
    ...attempt,
    ms: Math.round(durationMs),
    ...(cancelMs !== undefined && { cancelMs: Math.ceil(cancelMs) }),
  };
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}
