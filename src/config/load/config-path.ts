/** Where something is in the configuration, as operators write it: `models[0].targets[1]`. */
export type ConfigPath = string;

export function childPath(parent: ConfigPath, key: string | number): ConfigPath {
  if (typeof key === 'number') return `${parent}[${key}]`;
  // Quoted unless it is plain: a key from a file must not be able to write to the terminal.
  if (!/^[\w-]+$/.test(key)) return `${parent}[${JSON.stringify(key)}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/** What a path leads through, from the top. */
export function keysOf(path: ConfigPath): (string | number)[] {
  const keys = path.matchAll(
    /\[(?<index>\d+)\]|\[(?<quoted>"(?:[^"\\]|\\.)*")\]|(?<plain>[\w-]+)/g,
  );
  return [...keys].map(({ groups = {} }) => {
    const { index, quoted, plain = '' }: Record<string, string | undefined> = groups;
    if (index !== undefined) return Number(index);
    return quoted === undefined ? plain : (JSON.parse(quoted) as string);
  });
}

/** The children of a list or of an object, each with its path. */
export function childrenOf(
  node: object,
  path: ConfigPath,
): { readonly key: string; readonly value: unknown; readonly path: ConfigPath }[] {
  return Object.entries(node).map(([key, value]: [string, unknown]) => ({
    key,
    value,
    path: childPath(path, Array.isArray(node) ? Number(key) : key),
  }));
}
