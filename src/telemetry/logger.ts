import { isatty } from 'node:tty';
import {
  ConsoleLogger,
  type ConsoleLoggerOptions,
  type LoggerService,
  type LogLevel,
} from '@nestjs/common';
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

/** JSON lines for machines, coloured text on a terminal. */
export function createLogger(write = writeAtOnce, isTerminal = isatty(1)): LoggerService {
  return new GatewayLogger(write, {
    json: !isTerminal,
    flattenParams: true,
    colors: isTerminal,
  });
}

/** Nest's logger, but for where its lines go: it writes to the process's streams by itself. */
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
    const line = this.stringifyJsonLogObject(this.getJsonLogObject(message, options));
    this.#write(options.writeStreamType ?? 'stdout', `${line}\n`);
  }

  protected override printMessages(
    messages: unknown[],
    context = '',
    logLevel: LogLevel = 'log',
    stream: StandardStream = 'stdout',
    errorStack?: unknown,
    params?: Record<string, unknown>,
  ): void {
    if (this.options.json) {
      super.printMessages(messages, context, logLevel, stream, errorStack, params);
      return;
    }
    for (const message of messages) {
      const text = this.formatMessage(
        logLevel,
        message,
        this.formatPid(process.pid),
        logLevel.toUpperCase().padStart(7, ' '),
        this.formatContext(context),
        this.updateAndGetTimestampDiff(),
        params,
      );
      this.#write(stream, text);
    }
  }

  protected override printStackTrace(stack: string): void {
    if (stack && !this.options.json) this.#write('stderr', `${stack}\n`);
  }
}
