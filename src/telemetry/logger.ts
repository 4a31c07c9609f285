import { isatty } from 'node:tty';
import {
  ConsoleLogger,
  type ConsoleLoggerOptions,
  type LoggerService,
  type LogLevel as NestLogLevel,
} from '@nestjs/common';
import { LOG_LEVELS, type LogLevel } from '../config/schema/log-level.js';
import { readableLine } from './readable-line.js';
import type { StandardStream } from './standard-streams.js';

export type WriteText = (stream: StandardStream, text: string) => void;

const writeAtOnce: WriteText = (stream, text) => void process[stream].write(text);

/** Nest's own account of its wiring: nothing an operator can act on. */
const WIRING = new Set([
  'InstanceLoader',
  // It says "started" before the port is taken; the banner says so afterwards.
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** What Nest calls the levels. */
const NEST_LEVELS: Readonly<Record<LogLevel, NestLogLevel>> = {
  error: 'error',
  warn: 'warn',
  info: 'log',
  debug: 'debug',
};

interface LoggerSettings {
  readonly level?: LogLevel;
  readonly write?: WriteText;
  readonly isTerminal?: boolean;
}

/** Whether a person reads the log. */
export function isTerminal(): boolean {
  return isatty(1);
}

/** JSON lines for machines, lines for people on a terminal. */
export function createLogger({
  level = 'info',
  write = writeAtOnce,
  isTerminal: isReadByPeople = isTerminal(),
}: LoggerSettings = {}): LoggerService {
  const levels = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1);
  return new GatewayLogger(write, {
    json: !isReadByPeople,
    flattenParams: true,
    colors: false,
    logLevels: ['fatal', ...levels.map((each) => NEST_LEVELS[each])],
  });
}

/** Nest's logger, but for what its lines look like and where they go: it writes to the process's streams by itself. */
class GatewayLogger extends ConsoleLogger {
  readonly #write: WriteText;

  constructor(write: WriteText, options: ConsoleLoggerOptions) {
    super(options);
    this.#write = write;
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && WIRING.has(context)) return;
    super.log(message, ...rest);
  }

  /** What keeps Sluice from starting is said by whoever started it, once and without a stack. */
  override error(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (context === 'ExceptionHandler' || context === 'NestApplication') return;
    super.error(message, ...rest);
  }

  protected override printAsJson(...[message, options]: Parameters<ConsoleLogger['printAsJson']>) {
    const { level, timestamp, ...line } = this.getJsonLogObject(message, options);
    const head = { level: nameOf(level), timestamp: new Date(timestamp).toISOString() };
    const text = this.stringifyJsonLogObject({ ...head, ...line });
    this.#write(options.writeStreamType ?? 'stdout', `${text}\n`);
  }

  protected override printMessages(
    messages: unknown[],
    context = '',
    logLevel: NestLogLevel = 'log',
    stream: StandardStream = 'stdout',
    errorStack?: unknown,
    params?: Record<string, unknown>,
  ): void {
    if (this.options.json) {
      super.printMessages(messages, context, logLevel, stream, errorStack, params);
      return;
    }
    const head = { at: new Date(), level: nameOf(logLevel), context, fields: params ?? {} };
    for (const message of messages) {
      const text = typeof message === 'string' ? message : (JSON.stringify(message) ?? '');
      this.#write(stream, `${readableLine({ ...head, message: text })}\n`);
    }
  }

  protected override printStackTrace(stack: string): void {
    if (stack && !this.options.json) this.#write('stderr', `${stack}\n`);
  }
}

/** The words that collectors of logs know. */
function nameOf(level: NestLogLevel): LogLevel {
  if (level === 'fatal') return 'error';
  return LOG_LEVELS.find((each) => NEST_LEVELS[each] === level) ?? 'debug';
}
