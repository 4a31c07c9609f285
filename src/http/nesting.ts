import { GatewayError } from '../contract/gateway-error.js';

const MAX_DEPTH = 100;

/**
 * Refuses JSON that is nested deeper than any request needs: validators, upstreams and our own
 * `JSON.stringify` take recursion for granted.
 * @throws GatewayError `invalid_request`
 */
export function refuseDeepNesting(body: unknown): void {
  // Two plain stacks: a body of 20 MB may hold millions of values.
  const values: unknown[] = [body];
  const depths: number[] = [0];
  while (values.length > 0) {
    const value = values.pop();
    const depth = depths.pop() ?? 0;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > MAX_DEPTH) {
      throw new GatewayError(
        'invalid_request',
        `The request body is nested deeper than ${MAX_DEPTH} levels.`,
      );
    }
    for (const inner of Array.isArray(value) ? value : Object.values(value)) {
      if (typeof inner !== 'object' || inner === null) continue;
      values.push(inner);
      depths.push(depth + 1);
    }
  }
}
