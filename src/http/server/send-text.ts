import type { Request, Response } from 'express';
import { hasBody } from '../body/body-headers.js';

/** How long a caller may go on sending what nobody reads, once it has its answer. */
const LINGER_MS = 5000;

/**
 * Answers with a whole text, whose type has been set, also a request whose body has not come to its
 * end. Most clients read nothing before they have sent everything, and to close a connection with
 * unread bytes is a reset, which takes the answer from them: so it goes out whole at once, and what
 * still comes is read and thrown away, for a while.
 */
export function sendText(response: Response, text: string): void {
  const { req: request } = response;
  if (!hasBody(request) || request.complete) {
    response.send(text);
    return;
  }
  request.resume();
  // A small body has come along with its headers, and its connection may go on.
  setImmediate(() => {
    // Its caller may have left meanwhile, and nobody would clear the timer.
    if (response.headersSent || response.closed) return;
    if (request.complete) response.send(text);
    else answerEarly(request, response, Buffer.from(text));
  });
}

export function sendJson(response: Response, status: number, body: object): void {
  sendText(response.status(status).type('json'), JSON.stringify(body));
}

function answerEarly(request: Request, response: Response, bytes: Buffer): void {
  response.set({ connection: 'close', 'content-length': String(bytes.length) });
  response.write(bytes);
  const leaving = setTimeout(() => response.end(), LINGER_MS);
  request.once('end', () => response.end());
  response.once('close', () => clearTimeout(leaving));
}
