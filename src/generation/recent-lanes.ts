interface Seen {
  readonly lane: string;
  readonly at: number;
}

/**
 * The two lanes that something happened to last, and when: enough to tell whether, within a window,
 * it happened to more than one lane, or to another one than a given lane, however many there are.
 */
export class RecentLanes {
  #last: Seen | undefined;
  #other: Seen | undefined;

  constructor(
    private readonly windowMs: number,
    private readonly now: () => number,
  ) {}

  add(lane: string): void {
    if (this.#last?.lane !== lane) this.#other = this.#last;
    this.#last = { lane, at: this.now() };
  }

  get areSeveral(): boolean {
    return this.#isRecent(this.#last) && this.#isRecent(this.#other);
  }

  /** Whether it happened to another lane than this one. */
  hasOther(lane: string): boolean {
    return this.#isRecent(this.#last?.lane === lane ? this.#other : this.#last);
  }

  #isRecent(seen: Seen | undefined): boolean {
    return seen !== undefined && this.now() - seen.at < this.windowMs;
  }
}
