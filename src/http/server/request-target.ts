import type { NextFunction, Request, Response } from 'express';
import { GatewayError } from '../../contract/gateway-error.js';

/**
 * No target of a request may hold `#`, and no path `\`. Express takes what is behind the one away and
 * the other for `/`: `/metrics\#` is `/metrics` to it, and another path to the proxy that keeps callers
 * from there.
 */
const AMBIGUOUS = /#|^[^?]*\\/;

export function refuseAmbiguousTargets(
  request: Request,
  _response: Response,
  next: NextFunction,
): void {
  if (!AMBIGUOUS.test(request.url)) return next();
  throw new GatewayError(
    'invalid_request',
    'The URL must not hold a "#", nor its path a "\\": encode them as %23 and %5C.',
  );
}
