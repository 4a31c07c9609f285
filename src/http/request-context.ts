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

export interface RequestContext {
  readonly requestId: string;
  /** Absent once it is closed. */
  response: Response | undefined;
}

/** Whatever a request sets going knows its exchange, also where nobody handed it on. */
const exchanges = new AsyncLocalStorage<RequestContext>();

/** The exchange that this code runs for, if it runs for one. */
export function currentRequestContext(): RequestContext | undefined {
  return exchanges.getStore();
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Runs before everything else, so that every answer, also to a broken body, has a request id. */
export function withRequestContext(request: Request, response: Response, next: NextFunction): void {
  const given = request.header('x-request-id') ?? '';
  response.locals.requestId = REQUEST_ID.test(given) ? given : randomUUID();
  response.locals.caller = 'anonymous';
  response.setHeader('x-request-id', response.locals.requestId);
  const exchange: RequestContext = { requestId: response.locals.requestId, response };
  // A connection to an upstream remembers the exchange that it was made for, and lives for longer:
  // it would keep the request with its body.
  response.once('close', () => {
    exchange.response = undefined;
  });
  exchanges.run(exchange, next);
}
