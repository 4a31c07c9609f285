import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { SqliteThread } from './sqlite-thread.js';
import { sumsSql } from './sums-sql.js';
import { COLUMNS, type UsageRow, valuesOf } from './usage-row.js';
import type { UsageQuery, UsageStore, UsageSum } from './usage-store.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sluice_usage (
    ended_at INTEGER NOT NULL,
    stream_id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL,
    caller TEXT NOT NULL,
    model TEXT NOT NULL,
    target TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cached_input_tokens INTEGER,
    reasoning_tokens INTEGER,
    source TEXT,
    cost_usd REAL,
    end_reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sluice_usage_ended_at ON sluice_usage (ended_at)`;

const INSERT = `
  INSERT INTO sluice_usage (${COLUMNS.join(', ')})
  VALUES (${COLUMNS.map((_, index) => `?${index + 1}`).join(', ')})
  ON CONFLICT (stream_id) DO NOTHING`;

const WORDS = {
  day: `strftime('%Y-%m-%d', ended_at / 1000, 'unixepoch')`,
  parameter: '?',
} as const;

/** Rows in an SQLite file, for one process. */
export class SqliteStore implements UsageStore {
  private constructor(
    private readonly writer: SqliteThread,
    /** Sums that take long keep no row waiting: with a write-ahead log nobody waits for who reads. */
    private readonly reader: SqliteThread,
  ) {}

  /**
   * @param timeoutMs how long a thread may take for anything
   * @throws Error when the file cannot be opened, or is none of SQLite's
   */
  static async open(name: string, timeoutMs: number): Promise<SqliteStore> {
    const file = resolve(name);
    // It names callers: nobody else's to read.
    closeSync(openSync(file, 'a', 0o600));
    const writer = new SqliteThread(file, SCHEMA, timeoutMs);
    await writer.open();
    return new SqliteStore(writer, new SqliteThread(file, '', timeoutMs));
  }

  async insert(rows: readonly UsageRow[]): Promise<void> {
    await this.writer.run(INSERT, rows.map(valuesOf));
  }

  async sums(query: UsageQuery): Promise<readonly UsageSum[]> {
    const { from, to, limit } = query;
    const values = [from.getTime(), to.getTime(), limit];
    return (await this.reader.run(sumsSql(query, WORDS), [values])) as readonly UsageSum[];
  }

  async close(): Promise<void> {
    await Promise.all([this.writer.close(), this.reader.close()]);
  }
}
