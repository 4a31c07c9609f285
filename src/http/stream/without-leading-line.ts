import type { NextFunction, Request, Response } from 'express';

/**
 * Drops the empty line that Nest opens an event stream with: EventSource skips it, but clients that
 * read by POST dispatch a message without data, on which a naive `JSON.parse` throws.
 */
export function withoutLeadingLine(
  _request: Request,
  response: Response,
  next: NextFunction,
): void {
  const write = response.write.bind(response) as (...given: unknown[]) => boolean;
  response.write = (...given: unknown[]) => {
    response.write = write;
    return given[0] === '\n' || write(...given);
  };
  next();
}
