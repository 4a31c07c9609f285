import { parse } from 'yaml';
import { childrenOf, type ConfigPath } from './config-path.js';
import type { Expansion } from './expand.js';

const UNTYPED = Symbol('untyped');

/** Marks a field whose content has no types of ours: an expanded scalar in it is read as YAML would. */
export function Untyped(): PropertyDecorator {
  return Reflect.metadata(UNTYPED, true);
}

/**
 * Turns scalars that were one `${…}` into what YAML would have read, where the field is a number
 * or a boolean. The field decides, not the text: a key made of digits stays a string.
 */
export function coerceExpanded(
  node: object,
  expanded: Expansion['expanded'],
  path: ConfigPath = '',
  isUntyped = false,
): void {
  for (const child of childrenOf(node, path)) {
    const { key, value } = child;
    if (typeof value === 'object' && value !== null) {
      const isChildUntyped = isUntyped || Reflect.hasMetadata(UNTYPED, node, key);
      coerceExpanded(value, expanded, child.path, isChildUntyped);
    } else if (typeof value === 'string' && expanded.get(child.path)?.isWhole) {
      const read = asYaml(value);
      if (isUntyped || read.constructor === Reflect.getMetadata('design:type', node, key)) {
        Reflect.set(node, key, read);
      }
    }
  }
}

/** Only what can be a number or a boolean is parsed: a secret is not for a YAML parser. */
function asYaml(text: string): string | number | boolean {
  const read: unknown = /^[-+.\w]{1,32}$/.test(text) ? parse(text) : text;
  return typeof read === 'number' || typeof read === 'boolean' ? read : text;
}
