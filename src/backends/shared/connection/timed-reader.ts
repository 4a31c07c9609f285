/** Reads pieces with a time limit, and loses none that arrives behind it. */
export class TimedReader<T> {
  readonly #pieces: AsyncIterator<T, undefined>;
  #next: Promise<IteratorResult<T, undefined>> | undefined;

  constructor(pieces: AsyncIterable<T, undefined>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** @returns the next piece, or `late` where there is none at `time`, in `performance.now()`'s milliseconds */
  async readBefore(time: number): Promise<IteratorResult<T, undefined> | 'late'> {
    // Looked at first: pieces that are there already would win against any timer.
    const leftMs = time - performance.now();
    if (leftMs <= 0) return 'late';
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, leftMs, 'late');
    });
    this.#next ??= this.#pieces.next();
    const first = await Promise.race([this.#next, late]).finally(() => clearTimeout(timer));
    if (first !== 'late') this.#next = undefined;
    return first;
  }

  read(): Promise<IteratorResult<T, undefined>> {
    const next = this.#next ?? this.#pieces.next();
    this.#next = undefined;
    return next;
  }

  /** Nothing will be read any more. */
  async leave(): Promise<void> {
    this.#next?.catch(() => undefined);
    await this.#pieces.return?.();
  }
}
