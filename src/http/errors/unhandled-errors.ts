import { Logger } from '@nestjs/common';
import type { Response } from 'express';
import { GatewayError } from '../../contract/gateway-error.js';
import { framesOf } from '../../telemetry/generation-log.js';
import { currentRequestContext } from '../request-context.js';
import { sendError } from './send-error.js';

/**
 * Takes what was thrown, or rejected, where nobody catches it: it ends the one exchange that it
 * happened for, and neither the process nor anybody else's stream. What happened for none is
 * logged, and the service goes on.
 */
export function handleUnhandledErrors(): void {
  const logger = new Logger('Unhandled');
  const take = (thrown: unknown) => {
    const error = new GatewayError('internal', undefined, { cause: thrown });
    const { requestId, response } = currentRequestContext() ?? {};
    // Frames only: a message may quote what a caller wrote.
    logger.error('unhandled error', { ...(requestId && { requestId }), stack: framesOf(error) });
    try {
      if (response) end(response, error);
    } catch (cause) {
      // Thrown from here it would end the process.
      logger.error('unhandled error', { stack: framesOf(GatewayError.from(cause)) });
    }
  };
  process.on('uncaughtException', take);
  process.on('unhandledRejection', take);
}

function end(response: Response, error: GatewayError): void {
  const { fail } = response.locals;
  if (response.writableEnded || response.destroyed) return;
  if (fail) fail(error);
  else if (response.headersSent) response.destroy(error);
  else sendError(response.req, response, error);
}
