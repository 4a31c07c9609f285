import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { GatewayError } from '../contract/gateway-error.js';
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
      /** Ends what is being written, in the dialect's words; does nothing when it has ended. */
      fail?: (error: GatewayError) => void;
    }
  }
}

/** Whatever a request sets going knows its response, also where nobody handed it on. */
const exchanges = new AsyncLocalStorage<Response>();

/** The response of the request that this code runs for, if it runs for one. */
export function currentExchange(): Response | undefined {
  return exchanges.getStore();
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Runs before everything else, so that every answer, also to a broken body, has a request id. */
export function identifyExchange(request: Request, response: Response, next: NextFunction): void {
  const given = request.header('x-request-id') ?? '';
  response.locals.requestId = REQUEST_ID.test(given) ? given : randomUUID();
  response.locals.caller = 'anonymous';
  response.setHeader('x-request-id', response.locals.requestId);
  exchanges.run(response, next);
}
