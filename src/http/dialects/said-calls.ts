import { GatewayError } from '../../contract/gateway-error.js';

/**
 * A call that is closed takes no more; that there are no arguments goes without saying.
 * @throws GatewayError `upstream_protocol`
 */
export function refuseMoreArguments(args: string): void {
  if (args === '' || args === '{}') return;
  throw new GatewayError('upstream_protocol', 'A tool call went on behind its end.');
}

/** A call that was begun has its whole name: what comes of it later cannot be said any more. @throws as above */
export function refuseMoreName(name: string | undefined): void {
  if (!name) return;
  throw new GatewayError('upstream_protocol', 'The name of a tool came in pieces.');
}
