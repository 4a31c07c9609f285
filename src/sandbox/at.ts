/** What is at that path of a value of which nothing is known. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined,
    value,
  );
}

/** A number that stands there. */
export function numberAt(schema: unknown, name: string): number | undefined {
  const value = at(schema, name);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
