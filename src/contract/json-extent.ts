/** How far JSON goes. */
export interface JsonExtent {
  /** Containers within each other. */
  readonly depth: number;
  /** Objects, arrays, texts, numbers, literals; names of fields are none. */
  readonly values: number;
}

/** Of a body, and of JSON that is a text within one. Far above any conversation: 10,000 messages of 20 values each. */
export const MAX_BODY_EXTENT: JsonExtent = { depth: 100, values: 200_000 };

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * Whether JSON goes beyond `max`, told without parsing it: `JSON.parse` takes seconds, and a hundred
 * times the length of a text in memory, for millions of levels or of empty lists.
 */
export function exceeds(json: string, max: JsonExtent): boolean {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < json.length; at += 1) {
    switch (json.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(json, at);
        break;
      case COMMA:
        values += 1;
        break;
      case OPENING_BRACKET:
      case OPENING_BRACE:
        values += 1;
        depth += 1;
        break;
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        depth -= 1;
    }
    if (depth > max.depth || values > max.values) return true;
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
