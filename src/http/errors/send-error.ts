import type { Request, Response } from 'express';
import type { GatewayError } from '../../contract/gateway-error.js';
import { errorBodyOf } from './error-body.dto.js';
import { isOllamaPath } from '../paths.js';
import { sendJson } from '../server/send-early.js';

/** Answers with an error, as clients of this path know errors, while nothing else has been said. */
export function sendError(
  request: Request,
  response: Response,
  error: GatewayError,
  status = error.status,
): void {
  setErrorHeaders(response, error);
  const { requestId, generation } = response.locals;
  const body = isOllamaPath(request.path)
    ? { error: error.message }
    : errorBodyOf(error, requestId, generation?.record);
  sendJson(request, response, status, body);
}

function setErrorHeaders(response: Response, error: GatewayError): void {
  const { status, shouldRetry, callerWaitMs } = error;
  const { generation } = response.locals;
  if (generation) response.setHeader('x-sluice-attempts', generation.record.attempts.length);
  if (shouldRetry !== undefined) response.setHeader('x-should-retry', String(shouldRetry));
  // The next request shall look for another instance; behind half a body there can be none.
  if (error.fault === 'draining' || error.fault === 'body_timeout')
    response.setHeader('connection', 'close');
  if (callerWaitMs !== undefined && (status === 429 || status === 503)) {
    response.setHeader('retry-after', Math.max(1, Math.ceil(callerWaitMs / 1000)));
    response.setHeader('retry-after-ms', Math.ceil(callerWaitMs));
  }
}
