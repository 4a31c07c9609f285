/**
 * Whether one of `globs` stands for `text`: `*` for any characters, slashes too. By hand, because a
 * regular expression of several stars takes time that grows with a power of the text's length.
 */
export function matchesAny(globs: readonly string[], text: string): boolean {
  return globs.some((glob) => matches(glob.split('*'), text));
}

function matches(pieces: readonly string[], text: string): boolean {
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return text.length >= at + last.length && text.endsWith(last);
}
