import type { ConfigPath } from '../load/config-path.js';

export interface At<T> {
  readonly path: ConfigPath;
  readonly item: T;
}

/** The items that are what they should be; a fault of its own says what is wrong with the others. */
export function itemsOf<T>(list: ConfigPath, items: unknown, type: new () => T): At<T>[] {
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown, index) =>
    item instanceof type ? [{ path: `${list}[${index}]`, item }] : [],
  );
}
