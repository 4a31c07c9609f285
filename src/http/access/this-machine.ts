import type { IncomingHttpHeaders, Server } from 'node:http';
import type { Request } from 'express';
import { isLoopback } from '../../config/rules/loopback.js';
import { nameIn } from '../pages/host-check.js';

/**
 * Whether only this machine can have sent it: `server` listens on the loopback, and no proxy on this
 * machine passes on what others send. A page whose name was made to resolve to 127.0.0.1 has its own
 * name in `Host`.
 */
export function isFromThisMachine({ headers }: Request, server: Server): boolean {
  const address = server.address();
  if (address === null || typeof address === 'string' || !isLoopback(address.address)) return false;
  const name = nameIn(headers.host);
  return name !== undefined && isLoopback(name) && !isForwarded(headers);
}

function isForwarded(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some(
    (name) => name === 'forwarded' || name === 'via' || name.startsWith('x-forwarded-'),
  );
}
