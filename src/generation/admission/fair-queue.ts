/** Someone who waits. */
export interface Queued {
  /** Whom its turn is counted for. */
  readonly flow: string;
  /** Its place within the flow: the lower number came first. */
  readonly ticket: number;
}

/** Who waits. Lanes are served in turns; within a flow who came first is first. */
export class FairQueue<T extends Queued> {
  /** Lines of waiting ones; the flow at the front has its turn. */
  readonly #flows = new Map<string, T[]>();

  add(item: T): void {
    const line = this.#flows.get(item.flow);
    if (!line) {
      this.#flows.set(item.flow, [item]);
      return;
    }
    // Most are the last to come: it is looked for from behind.
    const before = line.findLastIndex(({ ticket }) => ticket < item.ticket);
    line.splice(before + 1, 0, item);
  }

  /**
   * Takes out the first one that `accepts` what there is to be had: its flow has had its turn, those
   * passed over keep theirs.
   */
  take(accepts: (item: T) => boolean): T | undefined {
    for (const [flow, line] of this.#flows) {
      const at = line.findIndex(accepts);
      if (at === -1) continue;
      const [item] = line.splice(at, 1);
      this.#flows.delete(flow);
      if (line.length > 0) this.#flows.set(flow, line);
      return item;
    }
    return undefined;
  }

  /** All of them, in no order to rely on. */
  *[Symbol.iterator](): Generator<T> {
    for (const line of this.#flows.values()) yield* line;
  }

  get isEmpty(): boolean {
    return this.#flows.size === 0;
  }

  /** Takes out one that waits no longer. */
  remove(item: T): void {
    const line = this.#flows.get(item.flow);
    const at = line?.indexOf(item) ?? -1;
    if (!line || at === -1) return;
    line.splice(at, 1);
    if (line.length === 0) this.#flows.delete(item.flow);
  }
}
