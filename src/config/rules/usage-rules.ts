import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode } from '../load/config-error.js';
import { Rule } from './rule.js';

/** Nothing of it is quoted: it has a password. */
export const PostgresUrl = () =>
  Rule(
    'postgresUrl',
    (value) =>
      typeof value === 'string' && /^postgres(ql)?:\/\/\S+$/.test(value) && URL.canParse(value)
        ? undefined
        : 'must be a URL such as postgres://user:password@host:5432/database, with special characters of the password percent-encoded',
    { type: 'string', pattern: '^postgres(ql)?://' },
  );

/** Checked now: a ledger that cannot be written would be missed months later. */
export const WritableFile = () => Rule('writableFile', writableFileComplaint, { type: 'string' });

function writableFileComplaint(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return 'must be the path of a file';
  const path = resolve(value);
  const folder = dirname(path);
  try {
    // SQLite writes other files beside it.
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    return `must be in a folder that can be written to (${errorCode(error)}): make ${folder}, or let Sluice's user write there`;
  }
  try {
    if (!statSync(path).isFile()) return 'must be a file, and is something else';
    accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    return `must be a file that can be written (${code}): let Sluice's user write it`;
  }
}
