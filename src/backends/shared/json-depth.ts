import { protocolFault } from './upstream-fault.js';

/** Deeper than any answer, and far from the thousands of levels at which recursion over it exhausts our stack. */
const MAX_DEPTH = 1000;

/**
 * An answer that is nested deeper than anybody reads is refused where it comes in, while another
 * target may still be asked: `JSON.parse` takes any depth, but `JSON.stringify` and whoever else
 * gets it later, our caller too, takes recursion for granted.
 * @param chars the length of its text
 * @throws GatewayError `upstream_protocol`
 */
export function refuseDeep(backend: string, json: unknown, chars: number): void {
  if (isDeep(json, chars)) {
    throw protocolFault(backend, `sent JSON nested deeper than ${MAX_DEPTH} levels`);
  }
}

export function isDeep(json: unknown, chars: number): boolean {
  // Nearly all events are too short for it, and cost nothing.
  if (chars <= 2 * MAX_DEPTH) return false;
  let level = [json].filter(isContainer);
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    level = level.flatMap(containersIn);
  }
  return level.length > 0;
}

function containersIn(container: object): object[] {
  const values: unknown[] = Array.isArray(container) ? container : Object.values(container);
  return values.filter(isContainer);
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
