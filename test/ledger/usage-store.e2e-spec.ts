import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PostgresStore } from '../../src/ledger/postgres-store.js';
import { SqliteStore } from '../../src/ledger/sqlite-store.js';
import type { UsageRow } from '../../src/ledger/usage-row.js';
import type { UsageGroup, UsageStore } from '../../src/ledger/usage-store.js';
import { Postgres } from '../support/postgres.js';
import { isMissing } from '../support/system-parts.js';

const TIMEOUT_MS = 10_000;

let rows = 0;
function row(fields: Partial<UsageRow> = {}): UsageRow {
  rows += 1;
  return {
    endedAt: Date.parse('2026-11-10T12:00:00Z'),
    streamId: `stream-${rows}`,
    requestId: `request-${rows}`,
    caller: 'team-a',
    model: 'gpt',
    target: 'openai/gpt-4o',
    inputTokens: 10,
    outputTokens: 5,
    cachedInputTokens: 4,
    reasoningTokens: null,
    source: 'reported',
    costUsd: 0.25,
    endReason: 'completed',
    ...fields,
  };
}

/** What both stores have to do alike. */
function itIsAStore(open: () => Promise<UsageStore>): void {
  let store: UsageStore;
  beforeEach(async () => {
    store = await open();
    return () => store.close();
  });

  const sums = (from: string, to: string, ...by: UsageGroup[]) =>
    store.sums({ from: new Date(from), to: new Date(to), by, limit: 100 });

  it('sums up what it has', async () => {
    await store.insert([row(), row({ inputTokens: null, costUsd: null, reasoningTokens: 2 })]);
    expect(await sums('2026-11-01', '2026-12-01')).toEqual([
      {
        requests: 2,
        inputTokens: 10,
        outputTokens: 10,
        cachedInputTokens: 8,
        reasoningTokens: 2,
        costUsd: 0.25,
        requestsWithoutCost: 1,
      },
    ]);
  });

  it('has one sum of nothing where there is nothing', async () => {
    expect(await sums('2026-11-01', '2026-12-01')).toMatchObject([{ requests: 0, costUsd: 0 }]);
    expect(await sums('2026-11-01', '2026-12-01', 'caller')).toEqual([]);
  });

  it('counts a row once that is written twice', async () => {
    const twice = row();
    await store.insert([twice]);
    await store.insert([twice, row()]);
    expect(await sums('2026-11-01', '2026-12-01')).toMatchObject([{ requests: 2 }]);
  });

  it('tells days in UTC apart, and callers and models, in the order that is asked for', async () => {
    await store.insert([
      row({ endedAt: Date.parse('2026-11-10T23:59:59.999Z') }),
      row({ endedAt: Date.parse('2026-11-11T00:00:00.000Z') }),
      row({ endedAt: Date.parse('2026-11-11T00:00:00.000Z'), caller: 'a"; DROP', model: "x'y" }),
    ]);
    const all = await sums('2026-11-01', '2026-12-01', 'day', 'model', 'caller');
    expect(all.map(({ day, caller, model, requests }) => [day, caller, model, requests])).toEqual([
      ['2026-11-10', 'team-a', 'gpt', 1],
      ['2026-11-11', 'team-a', 'gpt', 1],
      ['2026-11-11', 'a"; DROP', "x'y", 1],
    ]);
  });

  it('takes the first moment of a time and leaves out its last', async () => {
    const at = '2026-11-10T12:00:00.000Z';
    await store.insert([row()]);
    expect(await sums(at, '2026-11-10T12:00:00.001Z')).toMatchObject([{ requests: 1 }]);
    expect(await sums('2026-11-10T11:00:00Z', at)).toMatchObject([{ requests: 0 }]);
  });

  it('returns no more sums than are asked for', async () => {
    await store.insert(['a', 'b', 'c'].map((caller) => row({ caller })));
    const query = { from: new Date(0), to: new Date('9999-01-01'), by: ['caller'] as const };
    expect(await store.sums({ ...query, limit: 2 })).toHaveLength(2);
  });

  it('refuses a row that breaks a rule of its table, and takes those beside it', async () => {
    const odd = row({ endReason: null as unknown as string });
    await expect(store.insert([odd])).rejects.toMatchObject({ isRefused: true });
    await store.insert([row()]);
    expect(await sums('2026-11-01', '2026-12-01')).toMatchObject([{ requests: 1 }]);
  });

  it('is made by two that begin at the same time', async () => {
    const others = await Promise.all([open(), open(), open()]);
    await Promise.all(others.map((other) => other.insert([row()])));
    expect(await sums('2026-11-01', '2026-12-01')).toMatchObject([{ requests: 3 }]);
    await Promise.all(others.map((other) => other.close()));
  });
}

describe('the ledger in an SQLite file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-usage-'));
    return () => rm(folder, { recursive: true });
  });

  itIsAStore(() => SqliteStore.open(join(folder, 'usage.db'), TIMEOUT_MS));
});

describe.skipIf(isMissing('postgresql'))('the ledger in PostgreSQL', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await Postgres.start();
  }, 60_000);
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    await postgres.query('DROP TABLE IF EXISTS sluice_usage');
  });

  itIsAStore(async () => new PostgresStore(postgres.url(), TIMEOUT_MS));
});
