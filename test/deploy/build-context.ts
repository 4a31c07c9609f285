import ignore from '@balena/dockerignore';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/**
 * What `docker build .` would send from a fresh clone, copied to `folder`.
 * @param planted files that are in nobody's clone: what lies about where people build
 */
export function writeBuildContext(folder: string, planted: Readonly<Record<string, string>>): void {
  const clone = `${folder}.clone`;
  for (const file of filesOfRepository()) copy(join(ROOT, file), join(clone, file));
  for (const [file, text] of Object.entries(planted)) {
    mkdirSync(dirname(join(clone, file)), { recursive: true });
    writeFileSync(join(clone, file), text);
  }
  const ignored = ignore.default().add(readFileSync(join(ROOT, '.dockerignore'), 'utf8'));
  const files = globSync('**/{*,.*}', { cwd: clone, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(clone.length + 1));
  for (const file of ignored.filter(files)) copy(join(clone, file), join(folder, file));
}

/** With what was not committed yet, and without what nobody commits. */
function filesOfRepository(): string[] {
  const options = ['--cached', '--others', '--exclude-standard', '-z'];
  const list = execFileSync('git', ['ls-files', ...options], { cwd: ROOT, encoding: 'utf8' });
  return list.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)));
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
