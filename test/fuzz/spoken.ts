import type { Piece } from '../property/reading.js';

/**
 * An answer as it is heard, whichever way it was cut into pieces: what is said in one manner in one
 * go. A refusal is text, as `/chat` has it; calls of tools are known by their arguments: servers say a
 * name once or with every piece, and number calls as they like.
 */
export type Spoken = readonly (readonly [manner: string, words: string])[];

export function spoken(pieces: readonly Piece[]): Spoken {
  const all: [string, string][] = [];
  for (const [kind, ...words] of pieces) {
    const manner = kind === 'refusal' ? 'text' : kind;
    const said = kind === 'tool' ? String(words.at(-1)) : words.join('');
    const last = all.at(-1);
    // No arguments are an empty object to callers of Responses.
    if (said === '' || (manner === 'tool' && said === '{}')) continue;
    if (last?.[0] === manner) last[1] += said;
    else all.push([manner, said]);
  }
  return all;
}

export function isSame(one: Spoken, other: Spoken): boolean {
  return one.length === other.length && isBeginning(one, other) && isBeginning(other, one);
}

export function isBeginning(part: Spoken, whole: Spoken): boolean {
  return part.every(([manner, words], n) => {
    const [ofWhole, all = ''] = whole[n] ?? [];
    if (manner !== ofWhole) return false;
    return n === part.length - 1 ? all.startsWith(words) : all === words;
  });
}
