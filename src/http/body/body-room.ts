import { ByteBudget, type HeldBytes } from '../../contract/byte-budget.js';

/** What large bodies cannot take from the others: the first of every body, which is all of most. */
const SMALL_BYTES = 64 * 1024;

/** What one body holds of the room; grows before its bytes are kept. */
export type Reservation = Pick<HeldBytes, 'growTo' | typeof Symbol.dispose>;

/**
 * Room for the bodies of this process. The first 64 KiB of each have room of their own, as much
 * again: a few large bodies fill theirs, and small ones pass.
 */
export class BodyRoom {
  readonly #small: ByteBudget;
  readonly #large: ByteBudget;

  constructor(maxBytes: number) {
    const what = 'request bodies';
    this.#small = new ByteBudget({ maxBytes, what });
    this.#large = new ByteBudget({ maxBytes, what, freeBytes: SMALL_BYTES });
  }

  open(): Reservation {
    const small = this.#small.open();
    const large = this.#large.open();
    return {
      growTo: (bytes) => {
        small.growTo(Math.min(bytes, SMALL_BYTES));
        large.growTo(bytes);
      },
      [Symbol.dispose]: () => {
        small[Symbol.dispose]();
        large[Symbol.dispose]();
      },
    };
  }
}
