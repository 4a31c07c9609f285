import type { GatewayConfig } from './schema/gateway-config.js';

/** The snapshot that holds now. A request reads it once, when it begins, and keeps it to its end. */
export class LiveConfig {
  #current: GatewayConfig;

  constructor(first: GatewayConfig) {
    this.#current = first;
  }

  get current(): GatewayConfig {
    return this.#current;
  }
}
