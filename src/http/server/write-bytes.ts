import type { NextFunction, Request, Response } from 'express';

/**
 * Has the response write bytes instead of text. Node 26 counts text that waits for a slow caller in
 * bytes on the response, but in characters on its socket: with anything but ASCII the response may
 * wait for a `drain` that the socket does not owe it, and the stream stands still for ever.
 */
export function writeBytes(_request: Request, response: Response, next: NextFunction): void {
  const write = response.write.bind(response) as (...given: unknown[]) => boolean;
  response.write = (chunk: unknown, ...rest: unknown[]) =>
    write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk, ...rest);
  next();
}
