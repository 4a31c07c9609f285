import type { NextFunction, Request, Response } from 'express';
import { GatewayError } from '../../../contract/gateway-error.js';
import { STREAM_HEADERS } from '../../stream/response-sink.js';
import { findRoute } from '../../routes.js';
import { sendText } from '../../server/send-text.js';
import { eventSource } from './dialect.js';
import { toFailedData } from './encode-stream.js';

/**
 * Answers the requests to `/chat` that must not start a generation: `HEAD`, and whoever reconnects.
 * That one has lost its stream, and another answer would be paid and read twice. A 204 is the one
 * answer that stops an EventSource; clients that reconnect by `POST` take it for one more failure
 * and come again every second, so that they are told by an event (ADR 20).
 */
export function answerHeadAndReconnects(
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  // A ticket is no stream.
  if (findRoute(request.baseUrl + request.path)?.kind !== 'generation') return next();
  const reconnects = request.headers['last-event-id'] !== undefined;
  if (request.method === 'HEAD') {
    response.status(200).type('text/event-stream').end();
  } else if (reconnects && request.method === 'GET') {
    response.status(204).end();
  } else if (reconnects && request.method === 'POST') {
    tellInterrupted(response);
  } else {
    next();
  }
}

function tellInterrupted(response: Response): void {
  const error = new GatewayError('stream_interrupted');
  const data = JSON.stringify(toFailedData(error, { requestId: response.locals.context.id }));
  response.status(200).type(eventSource.contentType).set(STREAM_HEADERS);
  sendText(response, `event: failed\ndata: ${data}\n\n`);
}
