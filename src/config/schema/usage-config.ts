import { Optional } from '../rules/rule.js';
import { PostgresUrl, WritableFile } from '../rules/usage-rules.js';
import { Milliseconds } from '../rules/value-rules.js';

/** Where the usage ledger is kept: one of the two. */
export class UsageConfig {
  /** A PostgreSQL database, for any number of replicas. */
  @Optional()
  @PostgresUrl()
  readonly url?: string;

  /** An SQLite file, for one process. */
  @Optional()
  @WritableFile()
  readonly file?: string;

  /** How long the store may take for anything, in milliseconds; rows are written again after that. */
  @Milliseconds()
  readonly timeoutMs: number = 10_000;
}
