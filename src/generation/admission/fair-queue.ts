import type { Caller } from '../../contract/caller.js';

/** What the queue knows of a waiter. */
export interface Queued {
  /** Flows take turns. */
  readonly flow: string;
  /** Interactive waiters go first. */
  readonly priority: Caller['priority'];
  /** Order of arrival: within a flow the lowest ticket is first. */
  readonly ticket: number;
}

/** One of so many grants is a batch waiter's turn to go first: it must wait, but not for ever. */
const BATCH_TURN = 8;

/**
 * Waiters. Those of a priority are served flow by flow, in turns; within a flow the oldest waiter is
 * first. Batch waiters come behind interactive ones, but for every eighth turn.
 */
export class FairQueue<T extends Queued> {
  readonly #lanes = { interactive: new TurnQueue<T>(), batch: new TurnQueue<T>() };
  /** Interactive grants since a batch waiter was served, while one waited. */
  #passedBatch = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(waiter: T): void {
    this.#size += 1;
    this.#lanes[waiter.priority].add(waiter);
  }

  /**
   * Removes and returns the first waiter that `accepts`. Its flow has had its turn; a flow that was
   * passed over keeps its own.
   */
  take(accepts: (waiter: T) => boolean): T | undefined {
    const { interactive, batch } = this.#lanes;
    const isBatchTurn = this.#passedBatch >= BATCH_TURN - 1;
    const waiter = isBatchTurn
      ? (batch.take(accepts) ?? interactive.take(accepts))
      : (interactive.take(accepts) ?? batch.take(accepts));
    if (waiter?.priority === 'batch' || batch.isEmpty) this.#passedBatch = 0;
    else if (waiter) this.#passedBatch += 1;
    if (waiter) this.#size -= 1;
    return waiter;
  }

  /** All waiters, flow by flow. */
  *[Symbol.iterator](): Generator<T> {
    yield* this.#lanes.interactive;
    yield* this.#lanes.batch;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** Does nothing when `waiter` is not in the queue. */
  remove(waiter: T): void {
    if (this.#lanes[waiter.priority].remove(waiter)) this.#size -= 1;
  }
}

/** Waiters of one priority. */
class TurnQueue<T extends Queued> {
  /** The waiters of each flow; the flow at the front has its turn. */
  readonly #flows = new Map<string, T[]>();

  add(waiter: T): void {
    const waiters = this.#flows.get(waiter.flow);
    if (!waiters) {
      this.#flows.set(waiter.flow, [waiter]);
      return;
    }
    // From behind: nearly every waiter is the newest of its flow.
    const before = waiters.findLastIndex(({ ticket }) => ticket < waiter.ticket);
    waiters.splice(before + 1, 0, waiter);
  }

  take(accepts: (waiter: T) => boolean): T | undefined {
    for (const [flow, waiters] of this.#flows) {
      const at = waiters.findIndex(accepts);
      if (at === -1) continue;
      const [waiter] = waiters.splice(at, 1);
      this.#flows.delete(flow);
      if (waiters.length > 0) this.#flows.set(flow, waiters);
      return waiter;
    }
    return undefined;
  }

  /** All waiters, flow by flow; each may be removed when it comes. */
  *[Symbol.iterator](): Generator<T> {
    for (const waiters of this.#flows.values()) yield* waiters.slice();
  }

  get isEmpty(): boolean {
    return this.#flows.size === 0;
  }

  /** @returns whether it was there */
  remove(waiter: T): boolean {
    const waiters = this.#flows.get(waiter.flow);
    const at = waiters?.indexOf(waiter) ?? -1;
    if (!waiters || at === -1) return false;
    waiters.splice(at, 1);
    if (waiters.length === 0) this.#flows.delete(waiter.flow);
    return true;
  }
}
