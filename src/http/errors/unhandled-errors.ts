import { Logger } from '@nestjs/common';
import { GatewayError } from '../../contract/gateway-error.js';
import { framesOf } from '../../telemetry/log/generation-log.js';
import { currentRequestContext } from '../request-context.js';

/**
 * Takes what was thrown, or rejected, where nobody catches it: it ends the one request that it
 * happened for, and neither the process nor anybody else's stream. What happened for none is
 * logged, and the service goes on.
 */
export function handleUnhandledErrors(): void {
  const logger = new Logger('Unhandled');
  const take = (thrown: unknown) => {
    const error = new GatewayError('internal', undefined, { cause: thrown });
    const context = currentRequestContext();
    // Frames only: a message may quote what a caller wrote.
    logger.error('unhandled error', {
      ...(context && { requestId: context.id }),
      stack: framesOf(error),
    });
    try {
      context?.fail(error);
    } catch (cause) {
      // Thrown from here it would end the process.
      logger.error('unhandled error', { stack: framesOf(GatewayError.from(cause)) });
    }
  };
  process.on('uncaughtException', take);
  process.on('unhandledRejection', take);
}
