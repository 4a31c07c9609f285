import { protocolFault } from '../errors/upstream-fault.js';

/** Deeper than any answer, and far from the thousands of levels at which recursion over it exhausts our stack. */
const MAX_DEPTH = 1000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

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
  if (json.length <= MAX_DEPTH) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    switch (json.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(json, at);
        break;
      case OPENING_BRACKET:
      case OPENING_BRACE:
        depth += 1;
        if (depth > MAX_DEPTH) return true;
        break;
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        depth -= 1;
    }
  }
  return false;
}

/** @returns the index of the quote that ends the string beginning at `start`; the length where none does */
function endOfString(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at !== -1; at = json.indexOf('"', at + 1)) {
    let first = at;
    while (json.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((at - first) % 2 === 0) return at;
  }
  return json.length;
}
