import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { GatewayError } from '../../contract/gateway-error.js';
import { framesOf } from '../../telemetry/log/generation-log.js';
import { GenerationMetrics } from '../../telemetry/generation-metrics.js';
import { harmless } from '../../telemetry/observed-by.js';
import { findRoute } from '../routes.js';
import { sendError } from './send-error.js';

/** Turns whatever is thrown before a response is committed into its status, headers and body. */
@Catch()
export class GatewayErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('Http');

  constructor(private readonly metrics: GenerationMetrics) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const error = gatewayErrorOf(thrown);
    const { id: requestId, record } = response.locals.context;
    // A whole answer is recorded before it is written: the line of its generation knows nothing of this.
    if (error.fault === 'internal' && record?.fault !== 'internal') {
      this.#logger.error('request failed', { requestId, stack: framesOf(error) });
    }
    if (!record && findRoute(request.path)?.kind === 'generation') {
      harmless(() => this.metrics.rejected(error.fault));
    }
    if (response.headersSent) {
      // What has ended is whole, and may still be on its way.
      if (!response.writableEnded) response.destroy();
      return;
    }
    const status = thrown instanceof HttpException ? thrown.getStatus() : error.status;
    sendError(response, error, status);
  }
}

function gatewayErrorOf(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof HttpException && thrown.getStatus() < 500) {
    return new GatewayError('invalid_request', thrown.message);
  }
  return GatewayError.from(thrown);
}
