const HERE = '"deep-json-here"';

/** Objects whose names are numbers are what `JSON.stringify` writes by recursion. */
export function deepObject(levels: number): string {
  return `${'{"0":'.repeat(levels)}1${'}'.repeat(levels)}`;
}

export function deepList(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

/** The text of `shapeOf`'s JSON with `deep`, a text that may be too deep to be built as an object, in it. */
export function jsonWith(deep: string, shapeOf: (place: never) => unknown): string {
  return JSON.stringify(shapeOf(JSON.parse(HERE) as never)).replaceAll(HERE, () => deep);
}
