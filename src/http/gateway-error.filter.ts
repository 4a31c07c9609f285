import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { GatewayError } from '../contract/gateway-error.js';
import { framesOf } from '../telemetry/generation-log.js';
import { GenerationMetrics } from '../telemetry/generation-metrics.js';
import { harmless } from '../telemetry/observed-by.js';
import { errorBodyOf } from './error-body.dto.js';
import { isGenerationPath, isOllamaPath } from './paths.js';
import { sendJson } from './send-json.js';

/** Callers without a better idea wait at least this long. */
const DEFAULT_RETRY_AFTER_MS = 1000;

/** Where this instance goes away, another one can answer at once. */
const DRAINING_RETRY_AFTER_MS = 500;

/** Turns whatever is thrown before a response is committed into its status, headers and body. */
@Catch()
export class GatewayErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('Http');

  constructor(private readonly metrics: GenerationMetrics) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const error = gatewayErrorOf(thrown);
    const { requestId, generation } = response.locals;
    if (error.fault === 'internal' && !generation) {
      this.#logger.error('request failed', { requestId, stack: framesOf(error) });
    }
    if (!generation && isGenerationPath(request.path)) {
      harmless(() => this.metrics.rejected(error.fault));
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    setErrorHeaders(response, error);
    const status = thrown instanceof HttpException ? thrown.getStatus() : error.status;
    const body = isOllamaPath(request.path)
      ? { error: error.message }
      : errorBodyOf(error, requestId, generation?.record);
    sendJson(request, response, status, body);
  }
}

function setErrorHeaders(response: Response, error: GatewayError): void {
  const { status, shouldRetry } = error;
  const { generation } = response.locals;
  if (generation) response.setHeader('x-sluice-attempts', generation.record.attempts.length);
  if (shouldRetry !== undefined) response.setHeader('x-should-retry', String(shouldRetry));
  // The next request shall look for another instance; behind half a body there can be none.
  if (error.fault === 'draining' || error.fault === 'body_timeout')
    response.setHeader('connection', 'close');
  if (status === 429 || status === 503) {
    const retryAfterMs = error.retryAfterMs ?? defaultRetryAfterMs(error);
    response.setHeader('retry-after', Math.max(1, Math.ceil(retryAfterMs / 1000)));
    response.setHeader('retry-after-ms', Math.ceil(retryAfterMs));
  }
}

function defaultRetryAfterMs({ fault }: GatewayError): number {
  return fault === 'draining' ? DRAINING_RETRY_AFTER_MS : DEFAULT_RETRY_AFTER_MS;
}

function gatewayErrorOf(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof HttpException && thrown.getStatus() < 500) {
    return new GatewayError('invalid_request', thrown.message);
  }
  return GatewayError.from(thrown);
}
