import { isJsonObject } from '../../../contract/json.js';

/** A tool, a format or a choice of a type that is not one of these: a custom one, or one of a later date. */
export function isForeign(value: unknown, knownTypes: readonly unknown[]): boolean {
  return isJsonObject(value) && !knownTypes.includes(value['type']);
}
