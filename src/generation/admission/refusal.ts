import { GatewayError } from '../../contract/gateway-error.js';

/** Another instance takes the request at once, as soon as the caller's connection leads to it. */
const ELSEWHERE_AFTER_MS = 250;

/** Room comes and goes within seconds. */
const ROOM_AFTER_MS = 1000;

/** An event loop that was too slow for seconds needs as long to get over it. */
const REST_MS = 5000;

export function draining(): GatewayError {
  return new GatewayError('draining', 'This instance of Sluice is shutting down: try again.', {
    retryAfterMs: ELSEWHERE_AFTER_MS,
  });
}

export function queueIsFull(): GatewayError {
  return overloaded('There is no room, and too many requests wait for it', ROOM_AFTER_MS);
}

export function waitedTooLong(ms: number): GatewayError {
  return overloaded(`There was no room for this request within ${ms} ms`, ROOM_AFTER_MS);
}

export function tooSlow(): GatewayError {
  return overloaded('This instance of Sluice is too busy for another request', REST_MS);
}

/** For someone who left while waiting, and will not read it. */
export function left(): GatewayError {
  return new GatewayError('internal', 'This generation was over before there was room for it.');
}

/** Many are refused in the same moment; they must not all come back in the same moment. */
function overloaded(why: string, ms: number): GatewayError {
  const retryAfterMs = Math.round(ms * (1 + Math.random()));
  return new GatewayError('overloaded', `${why}: try again later.`, { retryAfterMs });
}
