import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** In backticks: `http/routes.ts`, `test/contract/`, `upstream-fault.ts`, but no `<name>` and no type. */
const PATH = /`((?:[\w.-]+\/)*(?:[\w.-]+\.(?:ts|json)|[\w.-]+\/))`/g;

describe('docs/adding.md', () => {
  let paths: readonly string[];
  beforeAll(async () => {
    const text = await readFile(join(ROOT, 'docs/adding.md'), 'utf8');
    paths = [...new Set([...text.matchAll(PATH)].map(([, path]) => path!))];
  });

  it('names only what is there', () => {
    const names = new Set(
      globSync(['src/**/*.ts', 'test/**/*.ts'], { cwd: ROOT }).map((path) => basename(path)),
    );
    const isThere = (path: string) =>
      [ROOT, join(ROOT, 'src')].some((folder) => existsSync(join(folder, path))) ||
      (!path.includes('/') && names.has(path));
    expect(paths.length).toBeGreaterThan(40);
    expect(paths.filter((path) => !isThere(path))).toEqual([]);
  });
});
