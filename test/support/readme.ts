import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';

const README = documentAt('README.md');

/** The pieces of code in the row of a client, as they are written, but with `baseUrl` for `http://…/v1`. */
export function codeOfClient(client: string, baseUrl: string): string[] {
  const row = README.split('\n').find((line) => line.startsWith(`| ${client} `));
  if (row === undefined) throw new Error(`README has no client ${client}.`);
  return [...row.matchAll(/`([^`]+)`/g)].map(([, code]) => code!.replace('http://…/v1', baseUrl));
}

/** The fenced piece of code that holds `words`. */
export function snippetWith(words: string, path = 'README.md'): string {
  const snippet = [...documentAt(path).matchAll(/```js\n(.*?)```/gs)].find(([, code]) =>
    code!.includes(words),
  );
  if (!snippet) throw new Error(`${path} has no snippet with ${words}.`);
  return snippet[1]!;
}

function documentAt(path: string): string {
  return readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
}

/** Runs code as it is written, with these names in reach; yields the value of `result`. */
export function run(code: string, names: Readonly<Record<string, unknown>>, result = ''): unknown {
  const body = result === '' ? `return ${code}` : `${code}\nreturn ${result};`;
  const play = runInThisContext(`((${Object.keys(names).join(', ')}) => { ${body} })`) as (
    ...values: unknown[]
  ) => unknown;
  return play(...Object.values(names));
}
