import type { ServerResponse } from 'node:http';
import { GatewayError } from '../../contract/gateway-error.js';

/**
 * Leaves a caller whose socket took no byte for `slowClientMs` while bytes waited for it, at the
 * latest after twice that time. It cannot be told: what could be said would wait as well.
 *
 * Node looks, when its timeout has passed, at whether a write that waits got any further, and starts
 * anew if it did; so a large write that trickles away is no standstill. Until the timer fires there
 * is nothing to do per write.
 */
export function leaveSlowCaller(response: ServerResponse, slowClientMs: number): void {
  response.removeAllListeners('timeout');
  response.setTimeout(slowClientMs, () => {
    // Silence with nothing to say is the upstream's, and has deadlines of its own.
    if (response.writableLength === 0) return;
    response.destroy(
      new GatewayError('slow_client', `The caller took nothing for ${slowClientMs} ms.`),
    );
  });
}
