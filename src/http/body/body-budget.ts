import { GatewayError } from '../../contract/gateway-error.js';

/** What the request bodies in this process may take at once, whoever sent them. */
export class BodyBudget {
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  reserve(): BodyReservation {
    let own = 0;
    return {
      growTo: (bytes) => {
        const more = bytes - own;
        if (more <= 0) return;
        if (this.#bytes + more > this.maxBytes) throw full();
        own = bytes;
        this.#bytes += more;
      },
      release: () => {
        this.#bytes -= own;
        own = 0;
      },
    };
  }
}

/** What one body takes. */
export interface BodyReservation {
  /** @throws GatewayError `overloaded` where there is no room for so much; what was reserved stays */
  growTo(bytes: number): void;
  release(): void;
}

function full(): GatewayError {
  return new GatewayError(
    'overloaded',
    'Too many large request bodies are being handled at once: try again later.',
  );
}
