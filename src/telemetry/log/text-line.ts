import { isJsonObject } from '../../contract/json.js';
import { ADVICE } from './fault-advice.js';
import { generationText, isStreamReport } from './generation-text.js';
import type { Paint } from './paint.js';
import { printable, printableWord } from './printable.js';

export type LevelName = 'debug' | 'info' | 'warn' | 'error';

/** What the JSON of a line has, too. */
export interface LogEvent {
  readonly at: Date;
  readonly level: LevelName;
  readonly context: string;
  readonly message: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** Where it happened, where nothing in `params` says so. */
  readonly stack?: string | undefined;
}

const STYLES = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' } as const;

/** An event on one line, for people. Below it only our own stack frames, of a bug. */
export function textLine(event: LogEvent, paint: Paint): string {
  const { at, level } = event;
  const head = `${paint('dim', timeOfDay(at))} ${paint(STYLES[level], level.padEnd(5))}`;
  const frames = framesOf(event).map((frame) => paint('dim', `\n    ${printable(frame)}`));
  return `${head} ${bodyOf(event, paint)}${frames.join('')}\n`;
}

function bodyOf({ context, message, params = {} }: LogEvent, paint: Paint): string {
  if (context === 'Generation' && isStreamReport(params)) return generationText(params, paint);
  const { stack: _, ...others } = params;
  const advice = adviceFor(params);
  return [
    context !== '' && paint('dim', printable(context)),
    printable(message),
    ...Object.entries(others).map(([key, value]) => `${printable(key)}=${valueText(value)}`),
    advice && paint('cyan', `→ ${advice}`),
  ]
    .filter(Boolean)
    .join('  ');
}

function adviceFor({ fault }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof fault === 'string' && Object.hasOwn(ADVICE, fault)
    ? ADVICE[fault as keyof typeof ADVICE]
    : undefined;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return printableWord(value);
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  return isJsonObject(value) ? printable(JSON.stringify(value)) : String(value);
}

function framesOf({ params, stack = '' }: LogEvent): string[] {
  const own = params?.['stack'];
  const frames = Array.isArray(own) ? own : stack.split('\n').filter((line) => line !== '');
  return frames.filter((frame) => typeof frame === 'string').map((frame) => frame.trim());
}

/** Local, as the clock of whoever sits at the terminal. */
function timeOfDay(at: Date): string {
  const [hours, minutes, seconds] = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) =>
    `${part}`.padStart(2, '0'),
  );
  return `${hours}:${minutes}:${seconds}.${`${at.getMilliseconds()}`.padStart(3, '0')}`;
}
