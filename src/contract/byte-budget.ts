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

  constructor(private readonly options: ByteBudgetOptions) {}

  /** An account of what one of them holds, at first nothing. */
  open(): HeldBytes {
    const { maxBytes, freeBytes = 0, what } = this.options;
    let ownBytes = 0;
    let isOpen = true;
    const hold = (bytes: number) => {
      if (!isOpen) return;
      const more = Math.max(0, bytes - freeBytes) - ownBytes;
      if (more > 0 && this.#takenBytes + more > maxBytes) throw tooMany(what);
      this.#takenBytes += more;
      ownBytes += more;
    };
    const growTo = (bytes: number) => {
      if (bytes - freeBytes > ownBytes) hold(bytes);
    };
    const dispose = () => {
      hold(0);
      isOpen = false;
    };
    return { hold, growTo, [Symbol.dispose]: dispose };
  }
}

/**
 * What one holder holds; `dispose` gives all of it back, for good: what is asked for afterwards, by
 * whoever has not heard of it yet, does not count.
 */
export interface HeldBytes extends Disposable {
  /**
   * From now on it is so many bytes.
   * @throws GatewayError `overloaded` when that is more than there is for all; nothing has changed then
   */
  hold(bytes: number): void;
  /** The same where it was less. */
  growTo(bytes: number): void;
}

function tooMany(what: string): GatewayError {
  return new GatewayError(
    'overloaded',
    `This instance of Sluice holds as much of ${what} as it may: try again later.`,
  );
}
