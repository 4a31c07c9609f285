/** A text in JSON, whole or not, or a character of its structure. */
const TOKEN = /"(?:[^"\\]|\\.)*("?)|[[\]{},]/gs;

/** A shorter text is a sentence, and half a sentence may say the opposite. */
const MIN_OPEN_CHARS = 2000;

/**
 * JSON that breaks off, closed behind its last whole value, or within the long text that it breaks
 * off in. What a field is called decides what is read of it, so it is not searched as a text: what
 * an error quotes of its request must not be taken for the error.
 * @returns nothing where that makes no JSON either
 */
export function closedJson(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined;
  const open: string[] = [];
  let [end, depth] = [0, 0];
  for (const { 0: token, 1: quote, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(token === '{' ? '}' : ']');
    else if (quote === undefined) {
      if (token !== ',') open.pop();
      [end, depth] = [token === ',' ? index : index + 1, open.length];
    } else if (quote === '' && token.length > MIN_OPEN_CHARS) {
      // No escape has a space in it, and half a key at the end would not be known for one.
      const cut = text.lastIndexOf(' ');
      const closed = cut > index ? parsedJson(closing(text.slice(0, cut) + '"', open)) : undefined;
      if (closed !== undefined) return closed;
    }
  }
  return parsedJson(closing(text.slice(0, end), open.slice(0, depth)));
}

function closing(text: string, open: readonly string[]): string {
  return text + open.toReversed().join('');
}

/** Nothing where it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
