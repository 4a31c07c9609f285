import type { ConfigFault } from './config-error.js';
import { childrenOf, type ConfigPath } from './config-path.js';
import { expandText } from './expression.js';

/** A parsed file with its expressions replaced. */
export interface Expansion {
  readonly value: unknown;
  readonly faults: readonly ConfigFault[];
  /** Scalars that hold something from outside the file: they may be secret, so nobody quotes them. */
  readonly expanded: ReadonlySet<ConfigPath>;
  /** Those of them that were one expression and nothing else. */
  readonly whole: ReadonlySet<ConfigPath>;
}

/**
 * Expands every string in what YAML made of the file, and copies it into plain objects.
 * It comes after parsing, so no secret can change the structure, whatever characters it has.
 */
export function expand(source: unknown, env: NodeJS.ProcessEnv): Expansion {
  const faults: ConfigFault[] = [];
  const expanded = new Set<ConfigPath>();
  const whole = new Set<ConfigPath>();
  return { value: copy(source, '', []), faults, expanded, whole };

  function copy(value: unknown, path: ConfigPath, ancestors: readonly unknown[]): unknown {
    if (typeof value === 'string') return scalar(value, path);
    if (value === null || typeof value !== 'object') return value;
    if (ancestors.includes(value)) return refuse(path, 'is an alias of something that holds it');
    const within = [...ancestors, value];
    if (Array.isArray(value)) {
      return childrenOf(value, path).map((child) => copy(child.value, child.path, within));
    }
    if (!isPlain(value)) return refuse(path, 'is of a type that a configuration does not have');
    const copied: Record<string, unknown> = {};
    for (const child of childrenOf(value, path)) {
      // `__proto__`, `constructor`, `toString`: class-transformer drops or obeys them, silently.
      if (child.key in Object.prototype) refuse(child.path, 'is not allowed as a key');
      else if (child.value !== undefined) copied[child.key] = copy(child.value, child.path, within);
    }
    return copied;
  }

  function scalar(value: string, path: ConfigPath): string {
    const expansion = expandText(value, env);
    if (!expansion) return value;
    expanded.add(path);
    if (expansion.whole) whole.add(path);
    for (const message of expansion.complaints) refuse(path, message);
    return expansion.text;
  }

  function refuse(path: ConfigPath, message: string): null {
    faults.push({ path, message });
    return null;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
