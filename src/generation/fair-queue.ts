/** Someone who waits. */
export interface Queued {
  /** Whom its turn is counted for. */
  readonly lane: string;
  /** Its place within the lane: the lower number came first. */
  readonly ticket: number;
}

/** Who waits. Lanes are served in turns; within a lane who came first is first. */
export class FairQueue<T extends Queued> {
  /** Lines of waiting ones; the lane at the front has its turn. */
  readonly #lanes = new Map<string, T[]>();

  add(item: T): void {
    const line = this.#lanes.get(item.lane);
    if (!line) {
      this.#lanes.set(item.lane, [item]);
      return;
    }
    // Most are the last to come: it is looked for from behind.
    const before = line.findLastIndex(({ ticket }) => ticket < item.ticket);
    line.splice(before + 1, 0, item);
  }

  /**
   * Takes out the first one that `accepts` what there is to be had: its lane has had its turn, those
   * passed over keep theirs.
   */
  take(accepts: (item: T) => boolean): T | undefined {
    for (const [lane, line] of this.#lanes) {
      const at = line.findIndex(accepts);
      if (at === -1) continue;
      const [item] = line.splice(at, 1);
      this.#lanes.delete(lane);
      if (line.length > 0) this.#lanes.set(lane, line);
      return item;
    }
    return undefined;
  }

  /** All of them, in no order to rely on. */
  *[Symbol.iterator](): Generator<T> {
    for (const line of this.#lanes.values()) yield* line;
  }

  get isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  /** Takes out one that waits no longer. */
  remove(item: T): void {
    const line = this.#lanes.get(item.lane);
    const at = line?.indexOf(item) ?? -1;
    if (!line || at === -1) return;
    line.splice(at, 1);
    if (line.length === 0) this.#lanes.delete(item.lane);
  }
}
