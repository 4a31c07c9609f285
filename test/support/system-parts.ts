import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Programs that npm does not bring; each is called as its Debian package. */
export const SYSTEM_PARTS = [
  'redis-server',
  'postgresql',
  'chromium',
  'nginx',
  'haproxy',
  'kubernetes-client',
  'prometheus',
  'bsdutils',
] as const;
export type SystemPart = (typeof SYSTEM_PARTS)[number];

/** Programs that are not called as their package; other packages may bring them, too. */
const PROGRAMS: Partial<Record<SystemPart, string>> = {
  'kubernetes-client': 'kubectl',
  // It makes a terminal.
  bsdutils: 'script',
};

/** Of PostgreSQL the folder with `initdb` and `postgres`, which Debian keeps out of PATH; of others the program. */
export function systemPart(name: SystemPart): { readonly present: boolean; readonly path: string } {
  const path = name === 'postgresql' ? postgresqlFolder() : inPath(PROGRAMS[name] ?? name);
  return { present: path !== undefined, path: path ?? name };
}

/**
 * For `describe.skipIf(isMissing('redis-server'))`: whether any of them is missing, which is said
 * in one line. With `SLUICE_TEST_STRICT=1`, as in CI, it fails the file instead.
 */
export function isMissing(...names: readonly SystemPart[]): boolean {
  const missing = names.filter((name) => !systemPart(name).present);
  if (missing.length === 0) return false;
  const what = `no ${missing.join(', no ')} on this machine: get it with "npm run test:setup" (Debian, as root)`;
  if (process.env['SLUICE_TEST_STRICT'] === '1') throw new Error(`SLUICE_TEST_STRICT: ${what}`);
  process.stderr.write(`\n!!! SKIPPED: ${what}\n`);
  return true;
}

function postgresqlFolder(): string | undefined {
  const [newest] = globSync('/usr/lib/postgresql/*/bin/initdb').toSorted((a, b) =>
    b.localeCompare(a, 'en', { numeric: true }),
  );
  const initdb = newest ?? inPath('initdb');
  return initdb === undefined ? undefined : dirname(initdb);
}

function inPath(program: string): string | undefined {
  const { PATH = '' } = process.env;
  // Debian keeps servers where only root's PATH looks; they need no root to run.
  const folders = PATH === '' ? [] : [...PATH.split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
