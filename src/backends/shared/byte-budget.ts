import { GatewayError } from '../../contract/gateway-error.js';

/** What one holder may have without asking: events of streams are far smaller. */
const FREE_BYTES = 64 * 1024;

/** Bytes that all streams together may hold of events that are not whole yet, or not passed on. */
export class ByteBudget {
  #taken = 0;

  constructor(private readonly maxBytes: number) {}

  /** An account of what one stream holds, at first nothing. */
  open(): HeldBytes {
    let held = 0;
    const hold = (bytes: number) => {
      const more = Math.max(0, bytes - FREE_BYTES) - held;
      if (more > 0 && this.#taken + more > this.maxBytes) throw tooMany();
      this.#taken += more;
      held += more;
    };
    return { hold, [Symbol.dispose]: () => hold(0) };
  }
}

export interface HeldBytes extends Disposable {
  /**
   * From now on the stream holds so many bytes.
   * @throws GatewayError `overloaded` when that is more than there is for all
   */
  hold(bytes: number): void;
}

function tooMany(): GatewayError {
  return new GatewayError(
    'overloaded',
    'This instance of Sluice holds as much of large events as it may: try again later.',
  );
}
