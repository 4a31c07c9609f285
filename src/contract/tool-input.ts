import { exceeds, MAX_BODY_EXTENT } from './json-extent.js';
import { isJsonObject, type JsonObject } from './json.js';

/** Arguments of a tool as the object that they are; a model's own slip must not fail a whole request, or answer. */
export function toolInputOf(args: string): JsonObject {
  if (exceeds(args, MAX_BODY_EXTENT)) return {};
  try {
    const input: unknown = JSON.parse(args);
    return isJsonObject(input) ? input : {};
  } catch {
    return {};
  }
}
