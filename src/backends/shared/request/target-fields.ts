import type { JsonObject } from '../../../contract/json.js';

/** `body` without some fields; itself where there are none to leave out. */
export function without(names: readonly string[], body: JsonObject): JsonObject {
  if (!names.some((name) => Object.hasOwn(body, name))) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}

/** `body` with new names; a field whose new name is there already gives way to it. */
export function renamed(body: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  const isRenamed = (name: string) => Object.hasOwn(names, name);
  if (!Object.keys(body).some(isRenamed)) return body;
  const kept = Object.entries(body).filter(([name]) => !isRenamed(name));
  const moved = Object.entries(body).filter(([name, value]) => isRenamed(name) && value != null);
  return Object.fromEntries([...moved.map(([name, value]) => [names[name], value]), ...kept]);
}
