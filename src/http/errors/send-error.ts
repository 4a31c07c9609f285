import type { Response } from 'express';
import type { GatewayError } from '../../contract/gateway-error.js';
import type { Dialect } from '../dialects/dialect.js';
import { toOpenAiError } from '../dialects/openai-shared/errors.js';
import { setTimingHeader } from '../generation-headers.js';
import { dialectOf, isOllamaPath } from '../routes.js';
import { sendJson } from '../server/send-text.js';

/** Answers with an error, as clients of this path know errors, while nothing else has been said. */
export function sendError(response: Response, error: GatewayError, status = error.status): void {
  response.locals.context.fault = error.fault;
  setErrorHeaders(response, error);
  const { id: requestId, record } = response.locals.context;
  const { path } = response.req;
  const failure = dialectOf(path)?.failure ?? failureOfUnknown(path);
  const answer = failure(error, { requestId, record, status });
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  sendJson(response, answer.status ?? status, answer.body);
}

/** Clients of Ollama know errors in one shape of their own, whatever they ask for. */
function failureOfUnknown(path: string): Dialect<never, never>['failure'] {
  return isOllamaPath(path)
    ? ({ message }) => ({ body: { error: message } })
    : (error, about) => ({ body: toOpenAiError(error, about) });
}

function setErrorHeaders(response: Response, error: GatewayError): void {
  const { status, shouldRetry, callerWaitMs } = error;
  const { record } = response.locals.context;
  // A proxy decides by it whether it collects the answer, before it knows how that ends.
  response.setHeader('x-accel-buffering', 'no');
  if (record) {
    response.setHeader('x-sluice-attempts', record.attemptsBegun);
    setTimingHeader(response, record);
  }
  // RFC 9110 asks for it; no browser shows a dialog for this scheme.
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  if (shouldRetry !== undefined) response.setHeader('x-should-retry', String(shouldRetry));
  // Behind half a body there can be no other request.
  if (error.fault === 'body_timeout') response.setHeader('connection', 'close');
  // Of other failures nobody knows when they are over.
  const isForNow = status === 429 || status === 503 || error.fault === 'upstream_unavailable';
  if (callerWaitMs !== undefined && isForNow) {
    response.setHeader('retry-after', Math.max(1, Math.ceil(callerWaitMs / 1000)));
    response.setHeader('retry-after-ms', Math.ceil(callerWaitMs));
  }
}
