import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Generation } from '../generation/generation.service.js';

declare global {
  // Express has `response.locals` typed by this interface, for exactly this.
  // eslint-disable-next-line typescript/no-namespace
  namespace Express {
    interface Locals {
      /** The caller's `x-request-id`, or ours. */
      requestId: string;
      /** Who asks; `anonymous` in open mode. */
      caller: string;
      /** The generation made for this request; absent on whatever was refused before. */
      generation?: Generation;
    }
  }
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Runs before everything else, so that every answer, also to a broken body, has a request id. */
export function identifyExchange(request: Request, response: Response, next: NextFunction): void {
  const given = request.header('x-request-id') ?? '';
  response.locals.requestId = REQUEST_ID.test(given) ? given : randomUUID();
  response.locals.caller = 'anonymous';
  response.setHeader('x-request-id', response.locals.requestId);
  next();
}
