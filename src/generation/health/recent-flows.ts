interface Seen {
  readonly flow: string;
  readonly at: number;
}

/**
 * The two flows that something happened to last, and when: enough to tell whether, within a window,
 * it happened to more than one flow, or to another one than a given flow, however many there are.
 */
export class RecentFlows {
  #last: Seen | undefined;
  #other: Seen | undefined;

  constructor(
    private readonly windowMs: number,
    private readonly now: () => number,
  ) {}

  add(flow: string): void {
    if (this.#last?.flow !== flow) this.#other = this.#last;
    this.#last = { flow, at: this.now() };
  }

  get areSeveral(): boolean {
    return this.#isRecent(this.#last) && this.#isRecent(this.#other);
  }

  /** Whether it happened to another flow than this one. */
  hasOther(flow: string): boolean {
    return this.#isRecent(this.#last?.flow === flow ? this.#other : this.#last);
  }

  #isRecent(seen: Seen | undefined): boolean {
    return seen !== undefined && this.now() - seen.at < this.windowMs;
  }
}
