import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const TESTS = join(import.meta.dirname, '..');
/** The documents with such tables, and how many rows they have at least. */
const DOCUMENTS = [
  ['docs/reliability.md', 50],
  ['docs/security.md', 30],
] as const;

interface Row {
  readonly line: string;
  /** Path below `test/`, without its extension; a folder ends with a slash. */
  readonly file?: string;
  /** The beginning of a test's title, as it stands in the source. */
  readonly title?: string;
}

/** The rows of every table whose last column names tests. */
async function rows(document: string): Promise<Row[]> {
  const lines = (await readFile(join(TESTS, '..', document), 'utf8'))
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

describe.each(DOCUMENTS)('%s', (document, least) => {
  let table: readonly Row[];
  beforeAll(async () => {
    table = await rows(document);
  });

  it('has a row for each of many faults', () => {
    expect(table.length).toBeGreaterThanOrEqual(least);
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
  const extension = file.endsWith('.contract') ? '.ts' : '.e2e-spec.ts';
  const source = await readFile(join(TESTS, file + extension), 'utf8').catch(() => undefined);
  return title !== undefined && source !== undefined && source.includes(title);
}
