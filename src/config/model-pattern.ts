/** A model's id that ends in it stands for every name that begins with what is before it. */
const REST = '*';

/** More than any model is called. */
const MAX_REST_CHARS = 256;

export function isPattern(name: string): boolean {
  return name.endsWith(REST);
}

/**
 * What a name has in place of a pattern's `*`; nothing where the pattern does not stand for it. The
 * pattern itself is no name: nobody has a model that is called so.
 */
export function restOf(pattern: string, name: string): string | undefined {
  const prefix = pattern.slice(0, -REST.length);
  if (!isPattern(pattern) || isPattern(name) || !name.startsWith(prefix)) return undefined;
  const rest = name.slice(prefix.length);
  return rest.length <= MAX_REST_CHARS && /^[^\p{Cc}]+$/u.test(rest) ? rest : undefined;
}

/** A target's model with what takes the place of its own `*`, if it has one. */
export function withRest(model: string, rest: string): string {
  return isPattern(model) ? model.slice(0, -REST.length) + rest : model;
}

/** Whether a name is one of these ids, or a pattern among them stands for it. */
export function isAskable(ids: readonly string[], name: string): boolean {
  return ids.some((id) => (isPattern(id) ? restOf(id, name) !== undefined : id === name));
}
