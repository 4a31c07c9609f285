import { isatty } from 'node:tty';
import { ConsoleLogger, type LogLevel as NestLevel } from '@nestjs/common';
import type { LogConfig, LogLevel } from '../../config/schema/log-config.js';
import { type Paint, paintFor } from './paint.js';
import { withoutControls } from './printable.js';
import type { StandardStream } from './standard-streams.js';
import { type LevelName, textLine } from './text-line.js';

type WriteText = (stream: StandardStream, text: string) => void;

/** Nest's own account of its wiring: nothing an operator can act on. */
const WIRING = new Set([
  'InstanceLoader',
  // It says "started" before the port is taken; the boot lines say so afterwards.
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** Nest's names, where people know others. */
const NAMES: Readonly<Record<NestLevel, LevelName>> = {
  verbose: 'debug',
  debug: 'debug',
  log: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
};

const ERRORS: NestLevel[] = ['fatal', 'error'];
const NEST_LEVELS: Readonly<Record<LogLevel, NestLevel[]>> = {
  error: ERRORS,
  warn: [...ERRORS, 'warn'],
  info: [...ERRORS, 'warn', 'log'],
  debug: [...ERRORS, 'warn', 'log', 'debug', 'verbose'],
};

/** Whether lines are for people. */
export function isText({ format }: LogConfig, isTerminal = isatty(1)): boolean {
  return format === 'auto' ? isTerminal : format === 'text';
}

/**
 * The log: lines for people on a terminal, JSON for programs elsewhere. It is Nest's logger but for
 * what its lines say, and where they go: Nest's writes to the process's streams by itself.
 */
export class GatewayLogger extends ConsoleLogger {
  readonly #paints: Partial<Record<StandardStream, Paint>> = {};

  constructor(
    private readonly write: WriteText,
    settings: LogConfig,
    private readonly makePaint = paintFor,
  ) {
    super({ flattenParams: true, colors: false, compact: true });
    this.follow(settings);
  }

  /** Takes over other settings, for lines from now on. */
  follow(settings: LogConfig): void {
    this.options.json = !isText(settings);
    this.setLogLevels(NEST_LEVELS[settings.level]);
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && WIRING.has(context)) this.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  /** What keeps Sluice from starting is said by whoever started it, once and without a stack. */
  override error(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (context === 'ExceptionHandler' || context === 'NestApplication') return;
    super.error(message, ...rest);
  }

  /** With the time as people and programs read it. */
  protected override printAsJson(...[message, options]: Parameters<ConsoleLogger['printAsJson']>) {
    const { level, timestamp, ...line } = this.getJsonLogObject(message, options);
    const head = { level: NAMES[level], timestamp: new Date(timestamp).toISOString() };
    const json = withoutControls(this.stringifyJsonLogObject({ ...head, ...line }));
    this.write(options.writeStreamType ?? 'stdout', `${json}\n`);
  }

  protected override printMessages(
    messages: unknown[],
    context = '',
    logLevel: NestLevel = 'log',
    stream: StandardStream = 'stdout',
    stack?: unknown,
    params?: Record<string, unknown>,
  ): void {
    if (this.options.json) {
      super.printMessages(messages, context, logLevel, stream, stack, params);
      return;
    }
    const paint = (this.#paints[stream] ??= this.makePaint(stream));
    for (const message of messages) {
      const event = {
        at: new Date(),
        level: NAMES[logLevel],
        context,
        message: this.stringifyMessage(message, logLevel),
        params,
        stack: typeof stack === 'string' ? stack : undefined,
      };
      this.write(stream, textLine(event, paint));
    }
  }

  /** It is in the line. */
  protected override printStackTrace(): void {}
}
