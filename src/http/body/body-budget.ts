import { GatewayError } from '../../contract/gateway-error.js';

/** How many bytes of request bodies this process holds at once, whoever sent them. */
export class BodyBudget {
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  reserve(): BodyReservation {
    let own = 0;
    return {
      grow: (bytes) => {
        if (this.#bytes + bytes > this.maxBytes) throw full();
        own += bytes;
        this.#bytes += bytes;
      },
      release: () => {
        this.#bytes -= own;
        own = 0;
      },
    };
  }
}

/** The bytes of one body. */
export interface BodyReservation {
  /** @throws GatewayError `overloaded` where there is no room for so many more */
  grow(bytes: number): void;
  release(): void;
}

function full(): GatewayError {
  return new GatewayError(
    'overloaded',
    'Too many large request bodies are being handled at once: try again later.',
  );
}
