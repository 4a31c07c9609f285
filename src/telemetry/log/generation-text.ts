import { ADVICE } from './fault-advice.js';
import type { Paint } from './paint.js';
import { printableWord } from './printable.js';
import type { AttemptReport, StreamReport } from '../stream-report.js';

/** A rate over less says nothing of a model. */
const MIN_RATE_MS = 100;

/** Waits shorter than this are no reason to look. */
const MIN_GAP_MS = 1000;

export function isStreamReport(params: object): params is StreamReport {
  return 'endReason' in params && 'attempts' in params;
}

/** How a stream ended, for a person: who answered and how, then how fast, then what it met. */
export function generationText(report: StreamReport, paint: Paint): string {
  const { model, endReason = '', fault, caller, requestId, attempts } = report;
  // Of an answer that nobody gave: who was asked last.
  const target = report.target ?? attempts.at(-1)?.target;
  const failures = attempts.filter(isFailure);
  const isNew = fault !== undefined && fault !== endReason && !failures.some(isOf(fault));
  const advice = fault && ADVICE[fault];
  return [
    paint('bold', printableWord(model)) + (target ? ` ← ${printableWord(target)}` : ''),
    paint(styleOf(report), endReason) + (isNew ? `: ${fault}` : ''),
    ...speedOf(report),
    ...failuresText(failures),
    report.recoveries && `recovery ${report.recoveries.join(', ')}`,
    caller !== 'anonymous' && `caller ${printableWord(caller)}`,
    paint('dim', printableWord(requestId)),
    advice && paint('cyan', `→ ${advice}`),
  ]
    .filter(Boolean)
    .join('  ');
}

function speedOf(report: StreamReport): (string | false | undefined)[] {
  const { timeToFirstContentMs: first, durationMs, costUsd, queuedMs } = report;
  const { longestGapMs = 0, longestGapOn } = report;
  return [
    first !== undefined && `first token ${durationText(first)}`,
    rateText(report),
    durationText(durationMs),
    tokensText(report),
    costUsd !== undefined && `$${costUsd}`,
    queuedMs !== undefined && `queued ${durationText(queuedMs)}`,
    longestGapMs >= MIN_GAP_MS && `longest wait ${durationText(longestGapMs)} on ${longestGapOn}`,
  ];
}

/** Of a plain answer only the upstream knows when it began. */
function rateText({
  streaming,
  timeToFirstContentMs,
  durationMs,
  outputTokens,
}: StreamReport): string | undefined {
  if (!streaming || timeToFirstContentMs === undefined || !outputTokens) return undefined;
  const ms = durationMs - timeToFirstContentMs;
  return ms < MIN_RATE_MS ? undefined : `${((outputTokens * 1000) / ms).toFixed(1)} tokens/s`;
}

/** Not every upstream counts tokens, and some say 0 then; what came of an answer is known in any case. */
function tokensText({ inputTokens, outputTokens, contentParts }: StreamReport): string | undefined {
  if (!outputTokens && contentParts > 0) return `${contentParts} parts`;
  const counts = [
    inputTokens !== undefined && `${inputTokens} in`,
    outputTokens !== undefined && `${outputTokens} out`,
  ].filter(Boolean);
  return counts.length > 0 ? `${counts.join(', ')} tokens` : undefined;
}

function isFailure({ outcome }: AttemptReport): boolean {
  return outcome !== 'ok' && outcome !== 'cancelled';
}

function isOf(fault: string) {
  return ({ outcome }: AttemptReport) => outcome === fault;
}

/** Those that say the same stand there once. */
function failuresText(failures: readonly AttemptReport[]): string[] {
  const counts = new Map<string, number>();
  for (const failure of failures) {
    const text = failureText(failure);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => (count > 1 ? `${count} × ${text}` : text));
}

function failureText({ target, outcome, status, code, said, cause }: AttemptReport): string {
  const words = [status?.toString(), code, said, cause].filter((word) => word !== undefined);
  const why = words.length > 0 ? ` (${words.map(printableWord).join(', ')})` : '';
  return `${printableWord(target)} failed: ${outcome}${why}`;
}

function styleOf({ endReason, fault }: StreamReport): 'green' | 'yellow' | 'red' {
  if (endReason === 'completed') return 'green';
  return fault === 'internal' ? 'red' : 'yellow';
}

/** `312 ms`, `3.1 s`, `4 min 10 s` */
export function durationText(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
