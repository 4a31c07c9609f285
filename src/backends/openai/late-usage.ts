/** How long `[DONE]` may take after the finish reason, and a usage event that is known to be late. */
const AFTER_FINISH_MS = 1000;
const LATE_USAGE_MS = 5000;

/**
 * Which models of one backend send their usage event seconds after the answer. It is waited for only
 * where it has been seen to come, because the end of the stream waits with it.
 */
export class LateUsage {
  /** Of each model that was searched once: whether it came late. */
  readonly #isLate = new Map<string, boolean>();

  /** How long after the finish reason the stream of `model` may go on in silence. */
  patienceMs(model: string, hasUsage: boolean): number {
    return !hasUsage && this.#isLate.get(model) === true ? LATE_USAGE_MS : AFTER_FINISH_MS;
  }

  /**
   * Begins to find out whether it comes: one stream of each model does.
   * @returns for how long after the finish reason; nothing where it was found out, or another stream does
   */
  search(model: string): number | undefined {
    if (this.#isLate.has(model)) return undefined;
    this.#isLate.set(model, false);
    return LATE_USAGE_MS;
  }

  /** Whether a usage event came, later than the end of the stream waited for it. */
  learned(model: string, isLate: boolean): void {
    this.#isLate.set(model, isLate);
  }
}
