import { readFileSync } from 'node:fs';
import { errorCode } from './config-error.js';

/** What became of a scalar with `${…}` in it. */
export interface ExpandedText {
  readonly text: string;
  /** Nothing but one expression: YAML would have read what it stands for as a value of its own. */
  readonly whole: boolean;
  readonly complaints: readonly string[];
}

const EXPRESSION = /\$\$\{|\$\{[^}]*\}?/g;
const VARIABLE = /^\$\{(?<name>[A-Za-z_]\w*)(?::-(?<otherwise>[^{}]*))?\}$/;
const SECRET_FILE = /^\$\{file:(?<file>[^{}]+)\}$/;

/**
 * Replaces `${NAME}`, `${NAME:-default}` (also when NAME is empty) and `${file:path}`; `$${` stands
 * for `${`. What comes in is not expanded again.
 * @returns undefined when there is no expression in `text`
 */
export function expandText(text: string, env: NodeJS.ProcessEnv): ExpandedText | undefined {
  const complaints: string[] = [];
  const expressions: string[] = [];
  const expanded = text.replace(EXPRESSION, (expression) => {
    expressions.push(expression);
    try {
      return valueOf(expression, env);
    } catch (error) {
      if (!(error instanceof Complaint)) throw error;
      complaints.push(error.message);
      return '';
    }
  });
  if (expressions.length === 0) return undefined;
  return { text: expanded, whole: expressions[0] === text, complaints };
}

/** Why an expression has no value; never quotes what is not known to be a name. */
class Complaint extends Error {}

function valueOf(expression: string, env: NodeJS.ProcessEnv): string {
  if (expression === '$${') return '${';
  const variable = VARIABLE.exec(expression)?.groups;
  if (variable) return variableOr(variable['otherwise'], variable['name'] ?? '', env);
  const file = SECRET_FILE.exec(expression)?.groups?.['file'];
  if (file !== undefined) return secretIn(file);
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

function secretIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new Complaint(`the file ${JSON.stringify(file)} cannot be read (${errorCode(error)})`);
  }
}
