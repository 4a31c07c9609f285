const SLICES = 10;

/**
 * How often something happened within the last `windowMs`, to a tenth of the window: exact enough to
 * decide by, and the same few numbers however often it happens.
 */
export class SlidingWindowCounter {
  readonly #counts = Array.from({ length: SLICES }, () => 0);
  readonly #sliceMs: number;
  #slice: number;

  constructor(
    windowMs: number,
    private readonly now: () => number,
  ) {
    this.#sliceMs = windowMs / SLICES;
    this.#slice = this.#current();
  }

  add(): void {
    this.#forget();
    this.#counts[this.#slice % SLICES]! += 1;
  }

  get total(): number {
    this.#forget();
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  #current(): number {
    return Math.floor(this.now() / this.#sliceMs);
  }

  /** Empties the slices that have left the window. */
  #forget(): void {
    const current = this.#current();
    for (let left = Math.min(current - this.#slice, SLICES); left > 0; left -= 1) {
      this.#counts[(current - left + 1) % SLICES] = 0;
    }
    this.#slice = current;
  }
}
