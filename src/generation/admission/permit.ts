/**
 * Ids of the backends that a generation may go to, the best one first. The limiter calls it again
 * while a generation waits: breakers open and close, and pauses end meanwhile. A wait ends when it
 * returns none.
 */
export type EligibleBackends = () => readonly string[];

/** A slot of this process and, except while `reassign` waits, capacity at one backend. */
export interface Permit extends Disposable {
  /** Id of the backend whose capacity it holds; after a `reassign` that failed, of the one before. */
  readonly backend: string;
  /** All waits for capacity so far, in milliseconds; absent when there was none. */
  readonly waitedMs: number | undefined;
  /**
   * Releases the capacity at `backend` and takes that of the first of `backends` with some, or waits
   * for it. `backend` itself may be among them. The slot is kept, also when this rejects.
   * @throws GatewayError `overloaded` after `queue.maxWaitMs`, `upstream_unavailable` when none of
   *   `backends` is left, or the reason of the signal given to `ConcurrencyLimiter.acquire`
   */
  reassign(backends: EligibleBackends): Promise<void>;
  /** Releases the slot and the capacity, once, and ends a `reassign` that waits. */
  release(): void;
}
