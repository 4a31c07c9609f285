/**
 * Freezes `node` with everything in it. Fields nobody wrote go: classes make them `undefined`, and
 * `{ ...defaults, ...streams }` would take that for a value.
 */
export function deepFreeze<T extends object>(node: T): T {
  for (const [key, value] of Object.entries(node) as [string, unknown][]) {
    if (value === undefined) Reflect.deleteProperty(node, key);
    else if (typeof value === 'object' && value !== null) deepFreeze(value);
  }
  return Object.freeze(node);
}
