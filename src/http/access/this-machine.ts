import type { IncomingHttpHeaders, Server } from 'node:http';
import type { Request } from 'express';
import { isLoopback } from '../../config/rules/loopback.js';
import { nameIn } from '../pages/host-check.js';

/**
 * Whether only this machine can have sent it: `server` listens on the loopback, and no header says
 * that a proxy passes on what others send. A proxy need not say so (nginx does not by itself), so
 * this is for ports that no proxy is pointed at. A page whose name was made to resolve to 127.0.0.1
 * has its own name in `Host`.
 */
export function isFromThisMachine({ headers }: Request, server: Server): boolean {
  const address = server.address();
  if (address === null || typeof address === 'string' || !isLoopback(address.address)) return false;
  const name = nameIn(headers.host);
  return name !== undefined && isLoopback(name) && !isForwarded(headers);
}

/** What proxies and their clouds add. */
const PROXY_HEADERS = new Set([
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'x-original-host',
  'cf-connecting-ip',
  'true-client-ip',
  'fastly-client-ip',
]);

function isForwarded(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some(
    (name) => PROXY_HEADERS.has(name) || name.startsWith('x-forwarded-'),
  );
}
