import type { GatewayConfig } from './schema/gateway-config.js';

/** What follows from a snapshot alone: made once for each, when it is first asked for. */
export function perSnapshot<T extends object>(
  make: (config: GatewayConfig) => T,
): (config: GatewayConfig) => T {
  const made = new WeakMap<GatewayConfig, T>();
  return (config) => {
    let value = made.get(config);
    if (value === undefined) made.set(config, (value = make(config)));
    return value;
  };
}
