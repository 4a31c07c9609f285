import { GatewayError } from './gateway-error.js';

export interface ByteBudgetOptions {
  readonly maxBytes: number;
  /** What is held, for whoever is refused: "large request bodies". */
  readonly what: string;
  /** What each holder may have without asking. */
  readonly freeBytes?: number | undefined;
}

/** Bytes of one kind that all in this process together may hold in memory. */
export class ByteBudget {
  #takenBytes = 0;
  #maxBytes: number;

  constructor(private readonly options: ByteBudgetOptions) {
    this.#maxBytes = options.maxBytes;
  }

  /** From now on it is so many. What is held stays, also where that is more. */
  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /** An account of what one of them holds, at first nothing. */
  open(): HeldBytes {
    return new HeldBytes(this, this.options.freeBytes ?? 0);
  }

  /**
   * @param bytes more than before; negative: given back
   * @throws GatewayError `overloaded` when that is more than there is for all; nothing has changed then
   */
  take(bytes: number): void {
    if (bytes > 0 && this.#takenBytes + bytes > this.#maxBytes) throw tooMany(this.options.what);
    this.#takenBytes += bytes;
  }
}

/**
 * What one holder holds; `dispose` gives all of it back, for good: what is asked for afterwards, by
 * whoever has not heard of it yet, does not count.
 */
export class HeldBytes implements Disposable {
  #ownBytes = 0;
  #isOpen = true;

  constructor(
    private readonly budget: ByteBudget,
    private readonly freeBytes: number,
  ) {}

  /**
   * From now on it is so many bytes.
   * @throws GatewayError `overloaded` when that is more than there is for all; nothing has changed then
   */
  hold(bytes: number): void {
    if (!this.#isOpen) return;
    const own = Math.max(0, bytes - this.freeBytes);
    this.budget.take(own - this.#ownBytes);
    this.#ownBytes = own;
  }

  /** The same where it was less. */
  growTo(bytes: number): void {
    if (bytes - this.freeBytes > this.#ownBytes) this.hold(bytes);
  }

  [Symbol.dispose](): void {
    this.hold(0);
    this.#isOpen = false;
  }
}

function tooMany(what: string): GatewayError {
  return new GatewayError(
    'overloaded',
    `This instance of Sluice holds as much of ${what} as it may: try again later.`,
  );
}
