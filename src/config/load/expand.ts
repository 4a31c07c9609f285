import { type ConfigFault, errorCode } from './config-error.js';
import { childrenOf, type ConfigPath } from './config-path.js';
import { FilesRead } from './files-read.js';

/** A parsed file with its expressions replaced. */
export interface Expansion {
  readonly value: unknown;
  readonly faults: readonly ConfigFault[];
  /** Scalars that had an expression: what they hold now may be secret, so no message quotes them. */
  readonly expanded: ReadonlyMap<ConfigPath, ExpandedText>;
}

/** What became of a scalar with `${…}` in it. */
export interface ExpandedText {
  readonly text: string;
  /** Nothing but one expression: YAML would have read what it stands for as a value of its own. */
  readonly isWhole: boolean;
  readonly complaints: readonly string[];
}

const EXPRESSION = /\$\$\{|\$\{[^}]*\}?/g;
const VARIABLE = /^\$\{(?<name>[A-Za-z_]\w*)(?::-(?<otherwise>[^{}]*))?\}$/;
const SECRET_FILE = /^\$\{file:(?<file>[^{}]+)\}$/;

/**
 * Expands every string in what YAML made of the file, and copies it into plain objects. `${NAME}`,
 * `${NAME:-default}` (also when NAME is empty) and `${file:path}` are replaced, `$${` stands for `${`.
 * It comes after parsing, so no secret can change the structure, whatever characters it has; and what
 * comes in is not expanded again.
 * @param files notes which files are read
 */
export function expand(
  source: unknown,
  env: NodeJS.ProcessEnv,
  files = new FilesRead(),
): Expansion {
  const faults: ConfigFault[] = [];
  const expanded = new Map<ConfigPath, ExpandedText>();
  return { value: copy(source, '', []), faults, expanded };

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
    const expansion = expandText(value, env, files);
    if (!expansion) return value;
    expanded.set(path, expansion);
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

/** @returns undefined when there is no expression in `text` */
function expandText(
  text: string,
  env: NodeJS.ProcessEnv,
  files: FilesRead,
): ExpandedText | undefined {
  const complaints: string[] = [];
  const expressions: string[] = [];
  const expanded = text.replace(EXPRESSION, (expression) => {
    expressions.push(expression);
    try {
      return valueOf(expression, env, files);
    } catch (error) {
      if (!(error instanceof Complaint)) throw error;
      complaints.push(error.message);
      return '';
    }
  });
  if (expressions.length === 0) return undefined;
  return { text: expanded, isWhole: expressions[0] === text, complaints };
}

/** Why an expression has no value; never quotes what is not known to be a name. */
class Complaint extends Error {}

function valueOf(expression: string, env: NodeJS.ProcessEnv, files: FilesRead): string {
  if (expression === '$${') return '${';
  const variable = VARIABLE.exec(expression)?.groups;
  if (variable) return variableOr(variable['otherwise'], variable['name'] ?? '', env);
  const file = SECRET_FILE.exec(expression)?.groups?.['file'];
  if (file !== undefined) return secretIn(file, files);
  throw new Complaint(
    'holds a ${ that cannot be expanded: write ${NAME}, ${NAME:-default} or ${file:/path}, or $${ for a literal ${',
  );
}

function variableOr(otherwise: string | undefined, name: string, env: NodeJS.ProcessEnv): string {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (otherwise !== undefined) return value || otherwise;
  if (value !== undefined) return value;
  throw new Complaint(
    `the environment variable ${name} is not set: set it (in .env, too), or give a default with \${${name}:-}`,
  );
}

function secretIn(file: string, files: FilesRead): string {
  try {
    return files.read(file).replace(/\r?\n$/, '');
  } catch (error) {
    throw new Complaint(`the file ${JSON.stringify(file)} cannot be read (${errorCode(error)})`);
  }
}
