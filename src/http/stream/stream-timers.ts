import type { ServerResponse } from 'node:http';

/** Opens a stream that has nothing to say yet, and fills its silence from then on. */
export class StreamTimers implements Disposable {
  readonly #opening: Disposable;
  readonly #heartbeat: NodeJS.Timeout;
  #isOpen = false;

  /**
   * @param opening the timer that opens the stream, unless something is written before
   * @param beat writes what fills silence
   */
  constructor(
    response: ServerResponse,
    opening: Disposable,
    heartbeatMs: number,
    beat: () => void,
  ) {
    this.#opening = opening;
    this.#heartbeat = setInterval(() => {
      // A caller that does not take what is there needs no more of it.
      if (this.#isOpen && !response.writableNeedDrain) beat();
    }, heartbeatMs);
  }

  /** Silence begins anew. */
  written(): void {
    if (!this.#isOpen) this.#opening[Symbol.dispose]();
    this.#isOpen = true;
    this.#heartbeat.refresh();
  }

  [Symbol.dispose](): void {
    this.#opening[Symbol.dispose]();
    clearInterval(this.#heartbeat);
  }
}
