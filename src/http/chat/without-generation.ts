import type { NextFunction, Request, Response } from 'express';

/**
 * Answers the requests to `GET /chat` that must not start a generation: `HEAD`, and a reconnecting
 * EventSource. That one has lost its stream; a 204 is the one answer that stops it from asking again.
 */
export function withoutGeneration(request: Request, response: Response, next: NextFunction): void {
  if (request.method === 'HEAD') {
    response.status(200).type('text/event-stream').end();
  } else if (request.method === 'GET' && request.headers['last-event-id'] !== undefined) {
    response.status(204).end();
  } else {
    next();
  }
}
