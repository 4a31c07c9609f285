import { GatewayError } from '../contract/gateway-error.js';

const MAX_DEPTH = 100;

/**
 * Refuses JSON that is nested deeper than any request needs: upstreams, and our own
 * `JSON.stringify`, take recursion for granted.
 * @throws GatewayError `invalid_request`
 */
export function refuseDeepNesting(body: unknown): void {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) {
      throw new GatewayError(
        'invalid_request',
        `The request body is nested deeper than ${MAX_DEPTH} levels.`,
      );
    }
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null
        ? Object.values(value).filter((inner) => typeof inner === 'object' && inner !== null)
        : [],
    );
  }
}
