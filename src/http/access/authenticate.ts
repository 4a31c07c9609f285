import { NotFoundException } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Access } from '../../access/access.js';
import type { GatewayConfig } from '../../config/schema/gateway-config.js';
import { ANONYMOUS, type Caller } from '../../contract/caller.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { type HttpRoute, isForOperators, isForWatchers, kindOf } from '../routes.js';
import type { AdminListener } from '../server/admin-listener.js';
import { credentialsIn } from './credentials.js';
import { isFromThisMachine } from './this-machine.js';

type Kind = HttpRoute['kind'] | undefined;

/** Whoever uses `/admin` where no key is needed. */
const LOCAL_ADMIN: Caller = { ...ANONYMOUS, isAdmin: true };

/**
 * Finds out who asks and whether it may, before a byte of the body is read: a guard of Nest would
 * come behind the body, and Swagger's routes have none.
 */
export function authenticate(access: Access, adminListener: AdminListener) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const { context } = response.locals;
    const kind = kindOf(request.path);
    const isAdminPort = adminListener.has(request);
    if (isAdminPort && !isForOperators(kind) && !isForWatchers(kind)) {
      throw new NotFoundException('This port has /metrics, /livez, /readyz and /admin only.');
    }
    const { config } = context;
    const isOpen = isAdminPort || config.access.mode === 'open';
    // A browser sends no key for a page; this one asks for it, and has nothing before.
    if (kind === 'probe' || kind === 'admin-page') return next();
    if (kind === 'metrics' && isOpen) return next();
    const isForThisMachine = isAdminPort || isOpenToAll(config);
    if (
      kind === 'admin' &&
      isForThisMachine &&
      isFromThisMachine(request, adminListener.serverOf(request))
    ) {
      context.caller = LOCAL_ADMIN;
      return next();
    }
    const caller = access.authenticate(config, credentialsIn(request.headers));
    // Not awaited where it is known: a promise would put every request off by a turn.
    context.caller = caller instanceof Promise ? await caller : caller;
    requireRights(kind, context.caller);
    next();
  };
}

/**
 * Whether the public port has nothing to keep from whoever reaches it. A proxy on this machine reaches
 * it for others: who has one configures access, or a key for operators.
 */
export function isOpenToAll({ access: { mode, keys = [] } }: GatewayConfig): boolean {
  return mode === 'open' && !keys.some(({ admin }) => admin);
}

/** Which models a caller may ask for is looked at where the model is known. */
function requireRights(kind: Kind, { isAdmin }: Caller): void {
  if (isAdmin || (kind !== 'admin' && kind !== 'metrics')) return;
  throw new GatewayError(
    'permission_denied',
    kind === 'admin'
      ? 'This needs a key with "admin: true".'
      : 'Metrics tell of all callers: this needs a key with "admin: true", or server.adminPort.',
  );
}
