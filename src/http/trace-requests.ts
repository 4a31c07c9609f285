import type { NextFunction, Request, Response } from 'express';
import { CallerTrace } from '../telemetry/tracing/caller-trace.js';
import type { Tracing } from '../telemetry/tracing/tracing.module.js';
import { findRoute, type HttpRoute } from './routes.js';

/** Whatever asks an upstream for something, or will. */
const TRACED: ReadonlySet<HttpRoute['kind']> = new Set(['generation', 'count', 'ticket']);

/**
 * Makes a request part of its caller's trace, or of one that begins here.
 * @param tracing absent where no spans are sent
 */
export function traceRequests(tracing: Tracing | undefined) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const { context } = response.locals;
    const caller = CallerTrace.in(request.headers);
    context.trace = caller;
    const route = tracing && tracedRoute(request);
    if (tracing && route) {
      const { id, config } = context;
      const { method, path } = request;
      const spans = tracing.requestArrived({ id, method, path, route }, config, caller);
      context.trace = spans;
      // Before the request is given up: a response that nobody gets may be written then.
      response.prependOnceListener('close', () => {
        const status = response.headersSent ? response.statusCode : undefined;
        spans.closed({ status, fault: context.fault, caller: context.caller.label });
      });
    }
    next();
  };
}

/** Not of a preflight: what it is for comes with a span of its own. */
function tracedRoute({ method, path }: Request): string | undefined {
  if (method === 'OPTIONS') return undefined;
  const route = findRoute(path);
  return route && TRACED.has(route.kind) ? route.path : undefined;
}
