import { Pool } from 'pg';
import { sumsSql } from './sums-sql.js';
import { COLUMNS, type UsageRow, valuesOf } from './usage-row.js';
import { StoreError, type UsageQuery, type UsageStore, type UsageSum } from './usage-store.js';

/** The type of each column. */
const TYPES = [
  'timestamptz',
  'text',
  'text',
  'text',
  'text',
  'text',
  'bigint',
  'bigint',
  'bigint',
  'bigint',
  'text',
  'double precision',
  'text',
];

/** A number that others are unlikely to take: replicas that start together make the table one by one. */
const LOCK = 728_311_028;

const CREATE = `
  SELECT pg_advisory_xact_lock(${LOCK});
  CREATE TABLE IF NOT EXISTS sluice_usage (
    ended_at timestamptz NOT NULL,
    stream_id text PRIMARY KEY,
    request_id text NOT NULL,
    caller text NOT NULL,
    model text NOT NULL,
    target text,
    input_tokens bigint,
    output_tokens bigint,
    cached_input_tokens bigint,
    reasoning_tokens bigint,
    source text,
    cost_usd double precision,
    end_reason text NOT NULL
  );
  CREATE INDEX IF NOT EXISTS sluice_usage_ended_at ON sluice_usage (ended_at)`;

/** One statement for any number of rows: a column is one parameter. */
const INSERT = `
  INSERT INTO sluice_usage (${COLUMNS.join(', ')})
  SELECT * FROM unnest(${TYPES.map((type, index) => `$${index + 1}::${type}[]`).join(', ')})
  ON CONFLICT (stream_id) DO NOTHING`;

const WORDS = {
  day: `to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')`,
  parameter: '$',
} as const;

/** Rows in PostgreSQL, which all replicas share. */
export class PostgresStore implements UsageStore {
  /** Of each kind one connection: sums that take long keep no row waiting. */
  readonly #writer: Pool;
  readonly #reader: Pool;
  #hasTable = false;

  /** @param timeoutMs how long the database may take for anything */
  constructor(url: string, timeoutMs: number) {
    this.#writer = poolOf(url, timeoutMs);
    this.#reader = poolOf(url, timeoutMs);
  }

  async insert(rows: readonly UsageRow[]): Promise<void> {
    await this.#makeTable(this.#writer);
    const values = rows.map((row) => [new Date(row.endedAt), ...valuesOf(row).slice(1)]);
    const columns = COLUMNS.map((_, column) => values.map((row) => row[column]));
    await this.#query(this.#writer, INSERT, columns);
  }

  async sums(query: UsageQuery): Promise<readonly UsageSum[]> {
    await this.#makeTable(this.#reader);
    const { from, to, limit } = query;
    const rows = await this.#query(this.#reader, sumsSql(query, WORDS), [from, to, limit]);
    return rows.map(toSum);
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer.end(), this.#reader.end()]);
  }

  /** Where it is there already, nothing needs the right to make one. */
  async #makeTable(pool: Pool): Promise<void> {
    if (this.#hasTable) return;
    const [found] = await this.#query(pool, `SELECT to_regclass('sluice_usage') AS name`);
    if (!found?.['name']) await this.#query(pool, CREATE);
    this.#hasTable = true;
  }

  async #query(pool: Pool, sql: string, values?: unknown[]): Promise<Row[]> {
    try {
      return (await pool.query<Row>(sql, values)).rows;
    } catch (error) {
      // It may have gone.
      this.#hasTable = false;
      throw storeError(error);
    }
  }
}

type Row = Record<string, unknown>;

function poolOf(url: string, timeoutMs: number): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: 'sluice',
    max: 1,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    // Also when nothing comes back at all.
    query_timeout: timeoutMs,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced; unheard, it would end the process.
  pool.on('error', () => {});
  return pool;
}

/** Sums of `bigint` come as texts, because they may be larger than a number; those of tokens are not. */
function toSum({ caller, model, day, ...counts }: Row): UsageSum {
  const count = (name: keyof UsageSum) => Number(counts[name]);
  return {
    caller: caller as string | undefined,
    model: model as string | undefined,
    day: day as string | undefined,
    requests: count('requests'),
    inputTokens: count('inputTokens'),
    outputTokens: count('outputTokens'),
    cachedInputTokens: count('cachedInputTokens'),
    reasoningTokens: count('reasoningTokens'),
    costUsd: count('costUsd'),
    requestsWithoutCost: count('requestsWithoutCost'),
  };
}

/** Of an error its code alone: its message may quote rows, and name who connects. */
function storeError(error: unknown): StoreError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return new StoreError('no answer');
  // Classes 22 and 23: something is wrong with the data, or against a constraint, and will be next time.
  return new StoreError(code, /^2[23]/.test(code));
}
