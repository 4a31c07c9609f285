/** Longer ones fill a screen, and say nothing more. */
const MAX_CHARS = 500;

/** Controls, marks that turn the direction of writing, line ends of any kind, halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** What needs no quotes to be seen as one piece. */
const PLAIN = /^[!#-~]+$/;

/**
 * `text` on one line of a terminal. Names come from callers and upstreams: as they are, they could
 * move the cursor, or end the line and forge the next one.
 */
export function printable(text: string): string {
  const short = text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text;
  return short.replace(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16).padStart(4, '0');
  return code.length > 4 ? `\\u{${code}}` : `\\u${code}`;
}

/** JSON escapes the other controls by itself; a terminal that shows it knows these as well. */
export function withoutControls(json: string): string {
  return json.replace(/[\u007f-\u009f]/g, escaped);
}

/** The same for one value among others: in quotes where it could be taken for more than one. */
export function printableWord(text: string): string {
  return PLAIN.test(text) && text.length <= MAX_CHARS ? text : printable(JSON.stringify(text));
}
