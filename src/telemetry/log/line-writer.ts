/** Some ten thousand lines: what a reader that stalls for a moment has still to get. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

const BATCH_BYTES = 64 * 1024;

/** Where lines go. */
export interface Sink {
  /** Begins to write, and tells when it has, or could not; nobody waits for it. */
  write(bytes: Buffer, done: (error?: Error | null) => void): void;
  /** Writes as much as is possible without waiting: the process ends in this turn. */
  writeNow(bytes: Buffer): void;
}

/**
 * Lines on their way to a stream of the process, in order. The event loop never waits for whoever
 * reads them: what does not fit into a bounded queue is dropped and counted, and so is what cannot
 * be written. Nothing here throws: a log that cannot be written must not end what it is about.
 */
export class LineWriter {
  #waiting: string[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #dropped = 0;
  readonly #onFlushed: (() => void)[] = [];

  constructor(private readonly sink: Sink) {}

  /** How many lines nobody will ever read. */
  get dropped(): number {
    return this.#dropped;
  }

  write(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#dropped += linesIn(text);
      return;
    }
    this.#waiting.push(text);
    this.#waitingBytes += bytes;
    if (!this.#isWriting) this.#next();
  }

  /** Resolves when everything has been written or dropped. */
  flushed(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => this.#onFlushed.push(resolve));
  }

  /** Hands over what still waits, in the turn in which the process exits. */
  flushNow(): void {
    const bytes = Buffer.from(this.#waiting.splice(0).join(''));
    this.#waitingBytes = 0;
    if (bytes.length > 0) this.sink.writeNow(bytes);
  }

  #next(): void {
    const batch = this.#batch();
    this.#isWriting = batch.length > 0;
    if (!this.#isWriting) {
      for (const resolve of this.#onFlushed.splice(0)) resolve();
      return;
    }
    this.sink.write(Buffer.from(batch), (error) => {
      if (error) this.#dropped += linesIn(batch);
      this.#next();
    });
  }

  #batch(): string {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && bytes < BATCH_BYTES) {
      bytes += Buffer.byteLength(this.#waiting[count]!);
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count).join('');
  }
}

function linesIn(text: string): number {
  return text.split('\n').length - 1;
}
