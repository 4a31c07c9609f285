import type { Request, Response } from 'express';
import { hasBody } from './body/body-headers.js';

/** How long a caller may go on sending what nobody reads, once it has its answer. */
const LINGER_MS = 5000;

/**
 * Answers with JSON, also a request whose body has not come to its end. Most clients read nothing
 * before they have sent everything, and to close a connection with unread bytes is a reset, which
 * takes the answer from them: so it goes out whole at once, and what still comes is read and thrown
 * away, for a while.
 */
export function sendJson(request: Request, response: Response, status: number, body: object): void {
  response.status(status);
  if (!hasBody(request) || request.complete) {
    response.json(body);
    return;
  }
  request.resume();
  // A small body has come along with its headers, and its connection may go on.
  setImmediate(() => {
    if (request.complete) response.json(body);
    else answerEarly(request, response, body);
  });
}

function answerEarly(request: Request, response: Response, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.set({ connection: 'close', 'content-length': String(bytes.length) }).type('json');
  response.write(bytes);
  const leaving = setTimeout(() => response.end(), LINGER_MS);
  request.once('end', () => response.end());
  response.once('close', () => clearTimeout(leaving));
}
