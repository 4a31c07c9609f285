import { styleText } from 'node:util';
import type { LogLevel } from '../config/schema/log-level.js';

/** What one line says. */
export interface LogEvent {
  readonly at: Date;
  readonly level: LogLevel;
  readonly context: string;
  readonly message: string;
  /** As a line of JSON has them. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const COLOURS = { error: 'red', warn: 'yellow', info: 'green', debug: 'gray' } as const;

/** A wait that whoever reads the log should see. */
const LONG_GAP_MS = 1000;

/** A line for people: what a machine would need besides is left out. */
export function readableLine(event: LogEvent): string {
  const { at, level, context } = event;
  const time = styleText('dim', timeOf(at));
  const label = styleText(COLOURS[level], level.toUpperCase().padEnd(5));
  const said = 'streamId' in event.fields ? streamOf(event) : otherOf(event);
  return `${time} ${label} ${styleText('dim', context)}${context && ' '}${said}`;
}

/** 14:03:59.120, of the place where the process runs. */
function timeOf(at: Date): string {
  const clock = at.toLocaleTimeString('en-GB', { hour12: false });
  return `${clock}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** gpt-4o ← openai/gpt-4o  completed  first 412 ms  43 tokens/s  3.2 s  120 tokens  team-a */
function streamOf({ message, fields }: LogEvent): string {
  const { target, model, endReason, finishReason, caller, requestId, fault } = fields;
  const end = endReason === 'completed' ? finishReason : fault;
  return [
    `${plain(model)} ← ${target === undefined ? 'nobody' : plain(target)}`,
    endReason === undefined ? plain(message) : plain(endReason),
    ...(end === undefined || end === endReason || end === 'stop' ? [] : [`(${plain(end)})`]),
    ...timesOf(fields),
    ...gapOf(fields),
    ...failuresOf(fields),
    plain(caller),
    styleText('dim', plain(requestId)),
  ].join('  ');
}

function timesOf(fields: LogEvent['fields']): string[] {
  const { durationMs, timeToFirstContentMs: firstMs, outputTokens, contentParts } = fields;
  // Some servers report 0.
  const tokens = Number(outputTokens ?? 0) || Number(contentParts ?? 0);
  const times: string[] = [];
  if (typeof firstMs === 'number') {
    times.push(`first ${secondsOf(firstMs)}`);
    const restMs = Number(durationMs) - firstMs;
    if (tokens > 1 && restMs > 0)
      times.push(`${((tokens - 1) / (restMs / 1000)).toFixed(0)} tokens/s`);
  }
  if (typeof durationMs === 'number') times.push(`took ${secondsOf(durationMs)}`);
  if (tokens > 0) times.push(`${tokens} tokens`);
  return times;
}

function gapOf({ longestGapMs: ms, longestGapOn: on }: LogEvent['fields']): string[] {
  if (typeof ms !== 'number' || ms < LONG_GAP_MS) return [];
  return [styleText('yellow', `waited ${secondsOf(ms)} for ${plain(on)}`)];
}

/** The attempts that did not work out: openai/gpt-4o rate_limited 429 */
function failuresOf({ attempts }: LogEvent['fields']): string[] {
  if (!Array.isArray(attempts)) return [];
  const failed = (attempts as Readonly<Record<string, unknown>>[]).filter(
    ({ outcome }) => outcome !== 'ok' && outcome !== 'cancelled',
  );
  return failed.map(({ target, outcome, status, code, cause }) =>
    styleText('yellow', [target, outcome, status, code, cause].filter(isSaid).map(plain).join(' ')),
  );
}

/** draining  signal=SIGTERM running=3 */
function otherOf({ message, fields }: LogEvent): string {
  const { stack, ...others } = fields;
  const pairs = Object.entries(others).map(([name, value]) => `${plain(name)}=${plain(value)}`);
  const frames = Array.isArray(stack) ? stack.map((frame) => `\n    ${plain(frame)}`).join('') : '';
  return (
    [plain(message), ...(pairs.length > 0 ? [styleText('dim', pairs.join(' '))] : [])].join('  ') +
    frames
  );
}

function isSaid(value: unknown): boolean {
  return value !== undefined;
}

function secondsOf(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** On one line, and nothing that moves a cursor: callers choose names and ids. */
function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    return `\\u{${char.codePointAt(0)!.toString(16)}}`;
  });
}
