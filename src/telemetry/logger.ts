import { ConsoleLogger, type LoggerService } from '@nestjs/common';

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
export function createLogger(isTerminal = process.stdout.isTTY): LoggerService {
  return new GatewayLogger({ json: !isTerminal, flattenParams: true, colors: isTerminal });
}

class GatewayLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && WIRING.has(context)) return;
    super.log(message, ...rest);
  }
}
