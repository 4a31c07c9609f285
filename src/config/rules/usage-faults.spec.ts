import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../load/config-error.js';
import { parseConfig } from '../load/load-config.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-usage-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FILE = join(folder, 'usage.db');
const URL = 'postgres://sluice:s3cret@db.example.com/usage';

function faultsOf(usage: unknown): string[] {
  try {
    parseConfig({
      backends: [{ id: 'a', kind: 'openai', baseUrl: 'http://a/v1' }],
      models: [{ id: 'm', targets: ['a/m'] }],
      usage,
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

describe('a usage ledger with faults in its configuration', () => {
  it.each([[{ file: FILE }], [{ url: URL }], [{ url: 'postgresql:///usage?host=/run/pg' }]])(
    'is none of %j',
    (usage) => expect(faultsOf(usage)).toEqual([]),
  );

  it.each([
    [{}, /^usage: has no store: write "url" \(PostgreSQL\) or "file" \(SQLite, for one process\)$/],
    [{ url: URL, file: FILE }, /^usage: is one store too many: keep "url" .* or "file" /],
    [{ url: 'mysql://u:s3cret@h/db' }, /^usage\.url: must be a URL such as postgres:/],
    [{ url: 'postgres://u:s3 cret@h/db' }, /^usage\.url: must be a URL such as postgres:/],
    [{ url: 'db.example.com' }, /^usage\.url: must be a URL such as postgres:/],
    [{ file: join(folder, 'none', 'usage.db') }, /^usage\.file: .* \(ENOENT\): make \S+none, or/],
    [{ file: folder }, /^usage\.file: must be a file, and is something else$/],
    [{ file: '' }, /^usage\.file: must be the path of a file$/],
    [{ file: FILE, timeoutMs: 0 }, /^usage\.timeoutMs: must be a whole number of milliseconds/],
    [{ file: FILE, table: 'x' }, /^usage\.table: is not a known key; known here are: url, file, /],
  ])('is %j', (usage, fault) => {
    const faults = faultsOf(usage);
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults.join()).not.toContain('s3');
  });

  it('makes no file by being checked', () => {
    expect(faultsOf({ file: FILE })).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });
});
