/** What the queue knows of a waiter. */
export interface Queued {
  /** Flows take turns. */
  readonly flow: string;
  /** Order of arrival: within a flow the lowest ticket is first. */
  readonly ticket: number;
}

/** Waiters. Flows are served in turns; within a flow the oldest waiter is first. */
export class FairQueue<T extends Queued> {
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

  /**
   * Removes and returns the first waiter that `accepts`. Its flow has had its turn; a flow that was
   * passed over keeps its own.
   */
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

  /** Does nothing when `waiter` is not in the queue. */
  remove(waiter: T): void {
    const waiters = this.#flows.get(waiter.flow);
    const at = waiters?.indexOf(waiter) ?? -1;
    if (!waiters || at === -1) return;
    waiters.splice(at, 1);
    if (waiters.length === 0) this.#flows.delete(waiter.flow);
  }
}
