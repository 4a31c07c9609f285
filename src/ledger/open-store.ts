import type { UsageConfig } from '../config/schema/usage-config.js';
import { PostgresStore } from './postgres-store.js';
import { SqliteStore } from './sqlite-store.js';
import { StoreError, type UsageStore } from './usage-store.js';

/** The ledger cannot be kept where the configuration says, and Sluice does not start without it. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
}

/**
 * A database that is away comes back while Sluice runs; a file that cannot be used does not.
 * @throws LedgerError that says what to do
 */
export async function openStore({ url, file, timeoutMs }: UsageConfig): Promise<UsageStore> {
  if (url !== undefined) return new PostgresStore(url, timeoutMs);
  if (file === undefined) throw new Error('The usage ledger has no store.');
  try {
    return await SqliteStore.open(file, timeoutMs);
  } catch (error) {
    const why = error instanceof StoreError ? error.code : codeOf(error);
    throw new LedgerError(
      `usage.file: ${file} cannot be used for the usage ledger (${why}): name another file, let Sluice's user write this one, or move it away if it is not a ledger.`,
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
