import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * A file of `deploy/` as it is shipped, with what every installation has to change: addresses, ports
 * and paths. Each has to be there, so that a test runs the file and nothing beside it.
 */
export function shippedFile(path: string, changes: Readonly<Record<string, string>>): string {
  let text = readFileSync(join(ROOT, path), 'utf8');
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`There is no "${from}" in ${path}.`);
    text = text.replaceAll(from, to);
  }
  return text;
}
