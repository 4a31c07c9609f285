import type { Request, Response } from 'express';
import type { Call } from '../generation/call.js';

/** Who asks, and how, from what every dialect's request carries. */
export function callOf(request: Request, response: Response): Call {
  const { requestId, caller } = response.locals;
  return {
    requestId,
    caller,
    lane: caller === 'anonymous' ? (request.ip ?? '') : caller,
    fallback: request.header('x-sluice-fallback') !== 'never',
  };
}
