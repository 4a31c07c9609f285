/** How long `[DONE]` may take after the finish reason, and a usage event that is known to be late. */
const AFTER_FINISH_MS = 1000;
const LATE_USAGE_MS = 5000;

/**
 * Which models of one backend send their usage event seconds after the answer. It is waited for only
 * where it has been seen to come, because the end of the stream waits with it.
 */
export class LateUsage {
  readonly #seenAt = new Map<string, boolean>();

  /** How long after the finish reason the stream of `model` may go on in silence. */
  patienceMs(model: string, hasUsage: boolean): number {
    return !hasUsage && this.#seenAt.get(model) === true ? LATE_USAGE_MS : AFTER_FINISH_MS;
  }

  /** How long it may take until one knows whether it comes; nothing where that is known. */
  searchMs(model: string): number | undefined {
    return this.#seenAt.has(model) ? undefined : LATE_USAGE_MS;
  }

  /** Whether a usage event came, later than the end of the stream waited for it. */
  learned(model: string, isLate: boolean): void {
    this.#seenAt.set(model, isLate);
  }
}
