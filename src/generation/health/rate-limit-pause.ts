/** Longest time that one refusal keeps all requests away from a target, whatever it says. */
const MAX_REST_MS = 60_000;

/** The first rest after refusals that name no time; each further one is twice as long. */
const FIRST_REST_MS = 1000;
const MAX_UNTOLD_REST_MS = 30_000;

/**
 * How long a target is not to be asked because it limits its rate. Until it says: one that does not
 * say rests for a short, growing time once it refuses again.
 */
export class RateLimitPause {
  #until = 0;
  /** How many refusals without a time came in a row, those of one rest together. */
  #untold = 0;
  #lastAt = 0;

  /** @param windowMs refusals further apart have nothing to do with each other */
  constructor(
    private readonly windowMs: number,
    private readonly now: () => number,
  ) {}

  get msLeft(): number {
    return Math.max(0, this.#until - this.now());
  }

  /** It refused. @param ms when it wants to be asked again, if it said so */
  refused(ms: number | undefined): void {
    const now = this.now();
    if (ms !== undefined) {
      this.#until = Math.max(this.#until, now + Math.min(ms, MAX_REST_MS));
      return;
    }
    // Requests that were on their way together were refused together.
    if (now < this.#until) return;
    if (now - this.#lastAt > this.windowMs + MAX_UNTOLD_REST_MS) this.#untold = 0;
    if (this.#untold > 0) {
      this.#until = now + Math.min(FIRST_REST_MS * 2 ** (this.#untold - 1), MAX_UNTOLD_REST_MS);
    }
    this.#untold += 1;
    this.#lastAt = now;
  }

  /** Somebody knows better. */
  end(): void {
    this.#until = 0;
    this.#untold = 0;
  }

  /** It answered. */
  answered(): void {
    this.#untold = 0;
  }
}
