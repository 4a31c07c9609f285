import { Logger } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ANONYMOUS } from '../contract/caller.js';
import type { GenerationRecord } from '../contract/generation.js';
import type { UsageRow } from './usage-row.js';
import { StoreError, type UsageStore } from './usage-store.js';
import { MAX_WAITING_ROWS, UsageWriter } from './usage-writer.js';
import { generationRecord } from '../../test/support/generation-record.js';

function record(id: string, fields: Partial<GenerationRecord> = {}): GenerationRecord {
  return generationRecord({ id, requestId: id, endReason: 'completed', ...fields });
}

/** A store that does what the test says with each batch; at first it takes them all. */
class ScriptedStore implements UsageStore {
  readonly batches: string[][] = [];
  onInsert: (rows: readonly UsageRow[]) => Promise<void> = () => Promise.resolve();

  insert(rows: readonly UsageRow[]): Promise<void> {
    this.batches.push(rows.map(({ streamId }) => streamId));
    return this.onInsert(rows);
  }

  sums = () => Promise.resolve([]);
  close = () => Promise.resolve();
}

const never = () => new Promise<void>(() => {});
const fails = () => Promise.reject(new StoreError('ECONNREFUSED'));

describe('the writer of the usage ledger', () => {
  let store: ScriptedStore;
  let writer: UsageWriter;
  let dropped: Counter;
  beforeEach(() => {
    Logger.overrideLogger(false);
    vi.useFakeTimers();
    store = new ScriptedStore();
    dropped = new Counter({
      name: 'dropped',
      help: 'Dropped.',
      labelNames: ['reason'],
      registers: [new Registry()],
    });
    writer = new UsageWriter(store, dropped);
  });
  afterEach(() => vi.useRealTimers());

  function end(count: number, from = 0): void {
    for (let n = from; n < from + count; n += 1) writer.generationEnded(record(`s${n}`));
  }

  async function drops(): Promise<Record<string, number>> {
    const { values } = await dropped.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels['reason'], value]));
  }

  it('collects rows for a second', async () => {
    end(3);
    await vi.advanceTimersByTimeAsync(999);
    expect(store.batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(store.batches).toEqual([['s0', 's1', 's2']]);
  });

  it('writes at once when there is enough of them, and no batch is larger', async () => {
    end(1200);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.batches.map(({ length }) => length)).toEqual([500, 500, 200]);
  });

  it('writes what ends while it writes', async () => {
    const taken = Promise.withResolvers<void>();
    store.onInsert = () => taken.promise;
    end(1);
    await vi.advanceTimersByTimeAsync(1000);
    end(1, 1);
    store.onInsert = () => Promise.resolve();
    taken.resolve();
    await vi.advanceTimersByTimeAsync(1000);
    expect(store.batches).toEqual([['s0'], ['s1']]);
  });

  it('keeps rows until the store takes them, and asks it less and less often', async () => {
    store.onInsert = fails;
    end(2);
    await vi.advanceTimersByTimeAsync(60_000);
    // By lot between half and all of 250 ms, 500 ms, …, 10 s.
    expect(store.batches.length).toBeGreaterThan(8);
    expect(store.batches.length).toBeLessThan(18);
    store.onInsert = () => Promise.resolve();
    end(1, 2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(store.batches.at(-1)).toEqual(['s0', 's1', 's2']);
    expect(await drops()).toEqual({ queue_full: 0, refused: 0, shutdown: 0 });
  });

  it('holds a bounded number of rows, and counts those that are too many', async () => {
    store.onInsert = never;
    end(MAX_WAITING_ROWS + 7);
    await vi.advanceTimersByTimeAsync(1000);
    end(1, MAX_WAITING_ROWS + 7);
    expect(await drops()).toMatchObject({ queue_full: 8 });
  });

  it('takes no text that could be larger than its bound, or that a database refuses', async () => {
    let row: UsageRow | undefined;
    store.onInsert = ([first]) => {
      row = first;
      return Promise.resolve();
    };
    const caller = { ...ANONYMOUS, id: `a\0\ud800${'x'.repeat(1000)}` };
    writer.generationEnded(record('s', { caller }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(row!.caller).toBe(`a\ufffd${'x'.repeat(253)}`);
  });

  it('gives up the row alone that the store refuses', async () => {
    store.onInsert = (rows) =>
      rows.some(({ streamId }) => streamId === 's5')
        ? Promise.reject(new StoreError('22021', true))
        : Promise.resolve();
    end(10);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await drops()).toMatchObject({ refused: 1 });
    const taken = store.batches.filter((ids) => !ids.includes('s5')).flat();
    expect(new Set(taken).size).toBe(9);
    end(1, 10);
    await vi.advanceTimersByTimeAsync(1000);
    expect(store.batches.at(-1)).toEqual(['s10']);
  });

  it('writes what waits when it is closed, and tries until it may take no longer', async () => {
    store.onInsert = fails;
    end(1);
    const closed = writer.close();
    await vi.advanceTimersByTimeAsync(1000);
    store.onInsert = () => Promise.resolve();
    await vi.advanceTimersByTimeAsync(250);
    await closed;
    expect(await drops()).toMatchObject({ shutdown: 0 });
  });

  it('counts what the store did not take in time, and what ends afterwards', async () => {
    store.onInsert = never;
    end(3);
    const closed = writer.close();
    await vi.advanceTimersByTimeAsync(3000);
    await closed;
    end(1, 3);
    expect(await drops()).toMatchObject({ shutdown: 4 });
  });
});
