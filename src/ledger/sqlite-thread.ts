import { once } from 'node:events';
import { extname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Value } from './usage-row.js';
import { StoreError } from './usage-store.js';

/** A busy machine takes a while to begin a thread. */
const OPEN_MS = 10_000;

type Reply =
  | { readonly id: number; readonly rows: readonly unknown[] }
  | { readonly id: number; readonly code: string; readonly isRefused: boolean };

/** A thread with an SQLite file open in it; should it end, the next job begins another one. */
export class SqliteThread {
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly unknown[]>>();
  /** Jobs that were given up and are not done: the thread hangs in the first of them. */
  readonly #givenUp = new Set<number>();
  #worker: Promise<Worker> | undefined;
  #jobs = 0;

  /** @param timeoutMs how long a job may take */
  constructor(
    private readonly file: string,
    private readonly schema: string,
    private readonly timeoutMs: number,
  ) {}

  /** @throws StoreError in SQLite's words when the file cannot be opened, or is none of SQLite's */
  async open(): Promise<void> {
    await (this.#worker ??= this.#start());
  }

  /**
   * Does `sql` once with each set of parameters, all or none of them.
   * @returns the rows of the last one
   * @throws StoreError; what was not done in time may still be done, and until it is nothing else is taken
   */
  async run(sql: string, parameters: readonly Value[][]): Promise<readonly unknown[]> {
    // Behind a disk that hangs the same rows would be posted again and again.
    if (this.#givenUp.size > 0) throw new StoreError('no answer');
    const worker = await (this.#worker ??= this.#start());
    const id = (this.#jobs += 1);
    const waiting = Promise.withResolvers<readonly unknown[]>();
    this.#waiting.set(id, waiting);
    const late = setTimeout(() => {
      this.#givenUp.add(id);
      waiting.reject(new StoreError('no answer'));
    }, this.timeoutMs);
    worker.postMessage({ id, sql, parameters });
    try {
      return await waiting.promise;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(id);
    }
  }

  async close(): Promise<void> {
    const worker = await this.#worker;
    if (!worker) return;
    worker.ref();
    const exited = once(worker, 'exit');
    worker.postMessage('close');
    // One that hangs ends with the process.
    await Promise.race([exited, pause(this.timeoutMs)]);
    worker.unref();
  }

  async #start(): Promise<Worker> {
    // Compiled in the service, as it is written in tests.
    const code = new URL(`./sqlite-worker${extname(import.meta.url)}`, import.meta.url);
    const { file, schema } = this;
    const worker = new Worker(code, { workerData: { file, schema } });
    worker.on('exit', () => this.#ended());
    try {
      await once(worker, 'message', { signal: AbortSignal.timeout(OPEN_MS) });
    } catch (error) {
      await worker.terminate();
      throw new StoreError(
        error instanceof Error && 'errstr' in error ? String(error.errstr) : 'no answer',
      );
    }
    worker.on('error', () => {});
    worker.on('message', (reply: Reply) => this.#answered(reply));
    worker.unref();
    return worker;
  }

  #answered(reply: Reply): void {
    this.#givenUp.delete(reply.id);
    const waiting = this.#waiting.get(reply.id);
    if ('rows' in reply) waiting?.resolve(reply.rows);
    else waiting?.reject(new StoreError(reply.code, reply.isRefused));
  }

  #ended(): void {
    this.#worker = undefined;
    this.#givenUp.clear();
    for (const { reject } of this.#waiting.values()) reject(new StoreError('thread ended'));
  }
}
