import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const TESTS = join(import.meta.dirname, '..');
const ROOT = join(TESTS, '..');

/** Documents with tables that name tests, and how many rows each has at least. */
const DOCUMENTS = [
  ['docs/reliability.md', 50],
  ['docs/providers.md', 15],
  ['docs/security.md', 30],
] as const;

interface Row {
  readonly line: string;
  /** Path below `test/`, or from `src/` on, without its extension; a folder ends with a slash. */
  readonly file?: string;
  /** The beginning of a test's title, as it stands in the source. */
  readonly title?: string;
}

/** The rows of every table whose last column names tests. */
async function rowsOf(document: string): Promise<Row[]> {
  const lines = (await readFile(join(ROOT, document), 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('|'));
  const found: Row[] = [];
  let namesTests = false;
  for (const line of lines) {
    const cells = line.split('|').map((cell) => cell.trim());
    const last = cells.at(-2) ?? '';
    if (/^-+$/.test(last)) continue;
    if (last === 'Test' || cells.some((cell) => cell === 'default')) namesTests = last === 'Test';
    else if (namesTests) found.push({ line, ...testIn(last) });
  }
  return found;
}

function testIn(cell: string): Pick<Row, 'file' | 'title'> {
  const [, file, title] = /^`([^`]+)`(?: › ?(.*))?$/.exec(cell) ?? [];
  return { ...(file && { file }), ...(title && { title }) };
}

describe.each(DOCUMENTS)('%s', (document, atLeast) => {
  let table: readonly Row[];
  beforeAll(async () => {
    table = await rowsOf(document);
  });

  it('has a row for each of many cases', () => {
    expect(table.length).toBeGreaterThanOrEqual(atLeast);
  });

  it('names a test in every row, and every test that it names is there', async () => {
    const missing: string[] = [];
    for (const { line, file, title } of table) {
      if (!file || !(await isThere(file, title))) missing.push(line);
    }
    expect(missing).toEqual([]);
  });
});

async function isThere(file: string, title: string | undefined): Promise<boolean> {
  if (file.endsWith('/')) return (await readdir(join(TESTS, file))).length > 0;
  const source = await readFile(sourceOf(file), 'utf8').catch(() => undefined);
  return title !== undefined && source !== undefined && source.includes(title);
}

function sourceOf(file: string): string {
  if (file.startsWith('src/')) return join(ROOT, `${file}.spec.ts`);
  return join(TESTS, file + (file.endsWith('.contract') ? '.ts' : '.e2e-spec.ts'));
}
