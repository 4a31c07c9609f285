import { isIP } from 'node:net';
import type { Request, Response } from 'express';
import { ANONYMOUS } from '../contract/caller.js';
import { GatewayError } from '../contract/gateway-error.js';
import type { CallerContext } from '../generation/caller-context.js';
import type { DialectName } from '../contract/stream-event.js';
import { flowOfAddress } from './flow-of-address.js';

const TIMEOUT_HEADER = 'x-sluice-timeout-ms';

/**
 * Who asks, and how, from what every dialect's request carries.
 * @throws GatewayError `invalid_request` naming the header that is wrong
 */
export function callerContextOf(
  request: Request,
  { locals }: Response,
  dialect: DialectName,
): CallerContext {
  const { id: requestId, bodyBytes: requestBytes, trace, caller, config } = locals.context;
  const address = addressOf(request);
  return {
    requestId,
    requestBytes,
    trace,
    dialect,
    caller,
    config,
    address,
    flow: caller.id === ANONYMOUS.id ? flowOfAddress(address) : caller.id,
    timeoutMs: timeoutOf(request.header(TIMEOUT_HEADER)),
    fallback: caller.fallback && request.header('x-sluice-fallback') !== 'never',
  };
}

/** A trusted proxy that passes on what it was told may have been told anything. */
function addressOf({ ip = '', socket }: Request): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}

function timeoutOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const ms = /^\d+$/.test(given) ? Number(given) : 0;
  if (ms >= 1) return ms;
  throw new GatewayError(
    'invalid_request',
    `${TIMEOUT_HEADER} must be a whole number of milliseconds, 1 or more.`,
    { param: TIMEOUT_HEADER },
  );
}
