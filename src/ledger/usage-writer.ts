import { Logger } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { GenerationObserver, GenerationRecord } from '../contract/generation.js';
import { toUsageRow, type UsageRow } from './usage-row.js';
import { StoreError, type UsageStore } from './usage-store.js';

/** How many rows wait for a store that is slow or away. Each takes about 500 bytes, at most 3 KB. */
export const MAX_WAITING_ROWS = 10_000;

const MAX_BATCH_ROWS = 500;

/** How long rows are collected before they are written. */
const COLLECT_MS = 1000;

/** Between two attempts at a store that fails. */
const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 10_000;

/** How long the last rows may take to be written, behind the last stream; Kubernetes waits for it. */
const FLUSH_MS = 3000;

export const DROP_REASONS = ['queue_full', 'refused', 'shutdown'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/**
 * Writes one row for every generation that has ended, in batches and beside the streams: nothing
 * waits for the store. A row is kept until the store has taken it, and dropped, counted, where too
 * many wait.
 */
export class UsageWriter implements Pick<GenerationObserver, 'generationEnded'> {
  readonly #logger = new Logger('UsageLedger');
  readonly #rows: UsageRow[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  /** Of the store, in a row. */
  #failures = 0;
  #isClosed = false;

  constructor(
    private readonly store: UsageStore,
    private readonly dropped: Counter,
  ) {
    for (const reason of DROP_REASONS) dropped.inc({ reason }, 0);
  }

  generationEnded(record: GenerationRecord): void {
    if (this.#isClosed) return this.#drop('shutdown');
    if (this.#rows.length >= MAX_WAITING_ROWS) return this.#drop('queue_full');
    this.#rows.push(toUsageRow(record));
    // Otherwise it comes to them by itself.
    if (this.#writing || this.#failures > 0) return;
    if (this.#rows.length === 1) this.#writeIn(COLLECT_MS);
    else if (this.#rows.length === MAX_BATCH_ROWS) this.#writeIn(0);
  }

  /** Writes what waits, for as long as that may take; nothing is taken afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    let isLate = false;
    const late = pause(FLUSH_MS).then(() => (isLate = true));
    await Promise.race([this.#flush(() => isLate), late]);
    const { length } = this.#rows;
    if (length === 0) return;
    this.#drop('shutdown', length);
    this.#logger.error('usage rows are not known to be written', { rows: length });
  }

  #writeIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#write(), ms).unref();
  }

  async #flush(isLate: () => boolean): Promise<void> {
    await this.#writing;
    while (this.#rows.length > 0 && !isLate()) {
      await this.#write();
      if (this.#failures > 0) await pause(MIN_RETRY_MS);
    }
  }

  /** Writes all that waits; ends, without throwing, where the store fails. */
  #write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      // What ended in this very moment was left to the writer.
      if (this.#rows.length > 0 && this.#failures === 0 && !this.#isClosed)
        this.#writeIn(COLLECT_MS);
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#rows.length > 0) await this.#writeFirst(MAX_BATCH_ROWS);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Takes so many rows from the front, once the store has them. */
  async #writeFirst(count: number): Promise<void> {
    const rows = this.#rows.slice(0, count);
    try {
      await this.store.insert(rows);
    } catch (error) {
      if (!(error instanceof StoreError && error.isRefused)) throw error;
      if (rows.length > 1) {
        // Those beside the one that it will never take.
        const half = Math.ceil(rows.length / 2);
        await this.#writeFirst(half);
        return this.#writeFirst(rows.length - half);
      }
      this.#logger.warn('the store refused a usage row', { code: error.code });
      this.#drop('refused');
    }
    this.#rows.splice(0, rows.length);
    this.#answered();
  }

  #failed(error: unknown): void {
    const code = error instanceof StoreError ? error.code : 'unexpected error';
    // Once: it would be said every few seconds.
    if (this.#failures === 0) {
      this.#logger.warn('the usage store fails', { code, waiting: this.#rows.length });
    }
    this.#failures += 1;
    if (this.#isClosed) return;
    const limitMs = Math.min(MIN_RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS);
    // By lot, so that replicas do not come back as one.
    this.#writeIn(limitMs / 2 + Math.random() * (limitMs / 2));
  }

  #answered(): void {
    if (this.#failures > 0) {
      this.#logger.log('the usage store is back', { waiting: this.#rows.length });
    }
    this.#failures = 0;
  }

  #drop(reason: DropReason, rows = 1): void {
    this.dropped.inc({ reason }, rows);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
