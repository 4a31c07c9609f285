import { FAULTS } from '../../contract/faults.js';
import { GatewayError } from '../../contract/gateway-error.js';

/** An event loop that was too slow for seconds needs as long to get over it. */
const SLOW_RETRY_AFTER_MS = 5000;

export function queueFull(): GatewayError {
  return overloaded('There is no room, and too many requests wait for it');
}

export function waitedTooLong(ms: number): GatewayError {
  return overloaded(`There was no room for this request within ${ms} ms`);
}

export function tooSlow(): GatewayError {
  return overloaded('This instance of Sluice is too busy for another request', SLOW_RETRY_AFTER_MS);
}

/** Every target that was waited for is left alone meanwhile: who waits tells its caller why. */
export function noneEligible(): GatewayError {
  const message = 'All that could answer this request are left alone at the moment.';
  return new GatewayError('upstream_unavailable', message);
}

/** For a wait whose permit was released meanwhile: no caller reads it. */
export function releasedEarly(): GatewayError {
  return new GatewayError('internal', 'This generation was over before there was room for it.');
}

/** Spread over twice its length: requests refused in one moment must not all return in one moment. */
function overloaded(why: string, ms: number = FAULTS.overloaded.retryAfterMs): GatewayError {
  const retryAfterMs = Math.round(ms * (1 + Math.random()));
  return new GatewayError('overloaded', `${why}: try again later.`, { retryAfterMs });
}
