import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * A file of `deploy/` as it is shipped, with what every installation has to change: addresses, ports
 * and paths. Each has to be there exactly once, so that a test runs the file and nothing beside it.
 */
export function shippedFile(path: string, changes: Readonly<Record<string, string>>): string {
  let text = readFileSync(join(ROOT, path), 'utf8');
  for (const [from, to] of Object.entries(changes)) {
    const pieces = text.split(from);
    if (pieces.length !== 2) throw new Error(`${path} has "${from}" ${pieces.length - 1} times.`);
    text = pieces.join(to);
  }
  return text;
}
