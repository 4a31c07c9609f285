import { exceeds } from './json-extent.js';
import { isJsonObject, type JsonObject } from './json.js';

/** As a body may have: arguments are a text within it, and parse to as much. */
const MAX_INPUT = { depth: 100, values: 200_000 };

/** Arguments of a tool as the object that they are; a model's own slip must not fail a whole request, or answer. */
export function toolInputOf(args: string): JsonObject {
  if (exceeds(args, MAX_INPUT)) return {};
  try {
    const input: unknown = JSON.parse(args);
    return isJsonObject(input) ? input : {};
  } catch {
    return {};
  }
}
