import type { IncomingHttpHeaders } from 'node:http';
import type { GatewayConfig } from '../../config/schema/gateway-config.js';

/** Who asks, and how. */
const OF_EVERY_REQUEST = [
  'authorization',
  'x-api-key',
  'api-key',
  'x-sluice-fallback',
  'x-sluice-timeout-ms',
];

/** The headers of a request that its generation reads; an EventSource cannot send them. */
export function ticketHeaders({ backends }: GatewayConfig): readonly string[] {
  const forwarded = backends.flatMap(({ forwardHeaders = [] }) => forwardHeaders);
  return [...OF_EVERY_REQUEST, ...forwarded.map((name) => name.toLowerCase())];
}

/** Those of them that were sent. */
export function headersToKeep(
  headers: IncomingHttpHeaders,
  config: GatewayConfig,
): Record<string, string> {
  const sent = ticketHeaders(config).flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  return Object.fromEntries(sent);
}
