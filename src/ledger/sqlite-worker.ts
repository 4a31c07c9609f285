/* Runs in a thread of its own, because SQLite's calls block. It imports nothing of ours: tests run it as it is written. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

interface Job {
  readonly id: number;
  readonly sql: string;
  /** Once for each, in one transaction; all rows of the last one are the result. */
  readonly parameters: readonly (readonly SQLInputValue[])[];
}

const { file, schema } = workerData as { readonly file: string; readonly schema: string };
const database = new DatabaseSync(file, { timeout: 2000 });
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
database.exec(schema);

parentPort?.on('message', (job: Job | 'close') => {
  if (job === 'close') {
    database.close();
    parentPort?.close();
    return;
  }
  try {
    parentPort?.postMessage({ id: job.id, rows: run(job) });
  } catch (error) {
    parentPort?.postMessage({ id: job.id, code: codeOf(error), isRefused: isRefused(error) });
  }
});
parentPort?.postMessage('open');

function run({ sql, parameters }: Job): unknown[] {
  const statement = database.prepare(sql);
  let rows: unknown[] = [];
  database.exec('BEGIN');
  try {
    for (const values of parameters) rows = statement.all(...values);
    database.exec('COMMIT');
  } catch (error) {
    // A full disk has rolled it back already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
  return rows;
}

/** Too big, against a constraint, of another type: these rows will never be taken. https://sqlite.org/rescode.html */
const REFUSALS = new Set([18, 19, 20]);

function isRefused(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
  // The rest of the number says more of the same.
  return REFUSALS.has(code & 0xff);
}

/** Such as `database or disk is full`: SQLite's own words for its number, which quote nothing. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'errstr' in error ? String(error.errstr) : 'unknown error';
}
