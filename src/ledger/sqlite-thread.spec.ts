import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteThread } from './sqlite-thread.js';
import { UsageLedger } from './usage-ledger.js';

describe('An SQLite file that somebody else has locked', () => {
  let folder: string;
  let thread: SqliteThread;
  let other: DatabaseSync;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-'));
    const file = join(folder, 'ledger.db');
    thread = new SqliteThread(file, 'CREATE TABLE IF NOT EXISTS t (n INTEGER)', 50);
    await thread.open();
    other = new DatabaseSync(file);
  });
  afterEach(async () => {
    other.close();
    await thread.close();
    await rm(folder, { recursive: true });
  });

  const insert = () => thread.run('INSERT INTO t VALUES (?)', [[1]]);

  it('is given one job, and no other until that is done', async () => {
    other.exec('BEGIN EXCLUSIVE');
    await expect(insert()).rejects.toMatchObject({ code: 'no answer' });
    // At once: nothing more waits in the thread.
    for (let n = 0; n < 10; n += 1)
      await expect(insert()).rejects.toMatchObject({ code: 'no answer' });
    other.exec('COMMIT');
    await expect.poll(() => insert().catch(() => undefined)).toEqual([]);
    const { n } = other.prepare('SELECT count(*) AS n FROM t').get()!;
    expect(n).toBe(2);
  });
});

describe('Sums of a ledger', () => {
  it('are made four at once, and no more', async () => {
    const never = Promise.withResolvers<never[]>();
    const store = { insert: () => Promise.resolve(), close: () => Promise.resolve() };
    const ledger = new UsageLedger({ ...store, sums: () => never.promise });
    const query = { from: new Date(0), to: new Date(1), by: [], limit: 1 };
    const running = Array.from({ length: 4 }, () => ledger.sums(query));
    await expect(ledger.sums(query)).rejects.toMatchObject({ code: 'too many queries at once' });
    never.resolve([]);
    await Promise.all(running);
    expect(await ledger.sums(query)).toEqual([]);
  });
});
