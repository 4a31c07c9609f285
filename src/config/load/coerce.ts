import { parse } from 'yaml';
import { childrenOf, type ConfigPath } from './config-path.js';

const FREE_FORM = Symbol('free-form');

/** Marks a field whose content has no types of ours: an expanded scalar in it is read as YAML would. */
export function Untyped(): PropertyDecorator {
  return Reflect.metadata(FREE_FORM, true);
}

/**
 * Turns scalars that were one `${…}` into what YAML would have read, where the field is a number
 * or a boolean. The field decides, not the text: a key made of digits stays a string.
 */
export function coerceExpanded(
  node: object,
  whole: ReadonlySet<ConfigPath>,
  path: ConfigPath = '',
  inFreeForm = false,
): void {
  for (const child of childrenOf(node, path)) {
    const { key, value } = child;
    if (typeof value === 'object' && value !== null) {
      const isFreeForm = inFreeForm || Reflect.hasMetadata(FREE_FORM, node, key);
      coerceExpanded(value, whole, child.path, isFreeForm);
    } else if (typeof value === 'string' && whole.has(child.path)) {
      const read = asYaml(value);
      if (inFreeForm || typeName(node, key) === typeof read) Reflect.set(node, key, read);
    }
  }
}

function asYaml(text: string): unknown {
  // Only what can be a number or a boolean: a secret is not for a YAML parser.
  return /^[-+.\w]{1,32}$/.test(text) ? scalarOr(text) : text;
}

function scalarOr(text: string): unknown {
  const read: unknown = parse(text);
  return typeof read === 'number' || typeof read === 'boolean' ? read : text;
}

/** What TypeScript's decorator metadata says of a field. */
function typeName(node: object, key: string): string {
  const type: unknown = Reflect.getMetadata('design:type', node, key);
  if (type === Number) return 'number';
  return type === Boolean ? 'boolean' : 'other';
}
