import { exceeds } from '../../../contract/json-extent.js';
import { protocolFault } from '../errors/upstream-fault.js';

/** Deeper than any answer, and far from the thousands of levels at which recursion over it exhausts our stack. */
const MAX_DEPTH = 1000;

/**
 * An answer that is nested deeper than anybody reads is refused where it comes in, before it is
 * parsed and while another target may still be asked. `JSON.parse` takes any depth, if seconds for
 * millions of levels; `JSON.stringify` and whoever else gets it later, our caller too, takes
 * recursion for granted.
 * @throws GatewayError `upstream_protocol`
 */
export function refuseDeep(backend: string, json: string): void {
  if (isDeep(json)) {
    throw protocolFault(backend, `sent JSON nested deeper than ${MAX_DEPTH} levels`);
  }
}

export function isDeep(json: string): boolean {
  // Nearly all events are too short for it, and cost nothing.
  return json.length > MAX_DEPTH && exceeds(json, { depth: MAX_DEPTH, values: Infinity });
}
