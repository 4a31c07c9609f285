import { GatewayError } from '../../contract/gateway-error.js';

/** Another instance takes the request at once, as soon as the caller's connection leads to it. */
const DRAINING_RETRY_AFTER_MS = 250;

/** Capacity comes and goes within seconds. */
const FULL_RETRY_AFTER_MS = 1000;

/** An event loop that was too slow for seconds needs as long to get over it. */
const SLOW_RETRY_AFTER_MS = 5000;

export function draining(): GatewayError {
  return new GatewayError('draining', 'This instance of Sluice is shutting down: try again.', {
    retryAfterMs: DRAINING_RETRY_AFTER_MS,
  });
}

export function queueFull(): GatewayError {
  return overloaded('There is no room, and too many requests wait for it', FULL_RETRY_AFTER_MS);
}

export function waitedTooLong(ms: number): GatewayError {
  return overloaded(`There was no room for this request within ${ms} ms`, FULL_RETRY_AFTER_MS);
}

export function tooSlow(): GatewayError {
  return overloaded('This instance of Sluice is too busy for another request', SLOW_RETRY_AFTER_MS);
}

/** For a wait whose permit was released meanwhile: no caller reads it. */
export function releasedEarly(): GatewayError {
  return new GatewayError('internal', 'This generation was over before there was room for it.');
}

/** Spread over twice its length: requests refused in one moment must not all return in one moment. */
function overloaded(why: string, ms: number): GatewayError {
  const retryAfterMs = Math.round(ms * (1 + Math.random()));
  return new GatewayError('overloaded', `${why}: try again later.`, { retryAfterMs });
}
