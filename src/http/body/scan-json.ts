import { GatewayError } from '../../contract/gateway-error.js';
import type { JsonExtent } from '../../contract/json-extent.js';

/** Most strings are short and many have escapes: for those a native search costs more than it saves. */
const SEARCH_AFTER_BYTES = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SPACE = 0x20;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * Refuses JSON of more values, or nested deeper, than any request needs, before it is parsed: what
 * parses to 660,000 objects stops the event loop for seconds and takes a hundred times its size;
 * validators, upstreams and our own `JSON.stringify` take recursion for granted. It reads bytes
 * once and jumps over strings; whether they are JSON is left to the parser.
 * @param max its depth is that within the outermost container
 * @returns the number of values
 * @throws GatewayError `payload_too_large`, or `invalid_request` for the depth
 */
export function scanJson(bytes: Buffer, max: JsonExtent): number {
  let nodes = 1;
  let depth = 0;
  let isFirstInside = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte <= SPACE) continue;
    const isClosing = byte === CLOSING_BRACE || byte === CLOSING_BRACKET;
    if (isFirstInside && !isClosing) nodes += 1;
    isFirstInside = false;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === COMMA) nodes += 1;
    else if (isClosing) depth -= 1;
    else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      depth += 1;
      isFirstInside = true;
      if (depth > max.depth + 1) throw tooDeep(max.depth);
    }
    if (nodes > max.values) throw tooManyNodes(max.values);
  }
  return nodes;
}

/** @returns the index of the quote that ends the string beginning at `start`; the length where none does */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  for (;;) {
    const searchFrom = Math.min(at + SEARCH_AFTER_BYTES, bytes.length);
    while (at < searchFrom) {
      const byte = bytes[at]!;
      if (byte === QUOTE) return at;
      at += byte === BACKSLASH ? 2 : 1;
    }
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1) return bytes.length;
    if (!isEscaped(bytes, quote, at)) return quote;
    at = quote + 1;
  }
}

/** Whether an odd number of backslashes stands before `quote`, not looking before `from`, where an escape would be over. */
function isEscaped(bytes: Buffer, quote: number, from: number): boolean {
  let first = quote;
  while (first > from && bytes[first - 1] === BACKSLASH) first -= 1;
  return (quote - first) % 2 === 1;
}

function tooManyNodes(maxNodes: number): GatewayError {
  return new GatewayError(
    'payload_too_large',
    `The request body has more than ${maxNodes} values in it.`,
  );
}

function tooDeep(maxDepth: number): GatewayError {
  return new GatewayError(
    'invalid_request',
    `The request body is nested deeper than ${maxDepth} levels.`,
  );
}
