import type { NextFunction, Request, Response } from 'express';
import { isLoopback } from '../../config/rules/loopback.js';
import type { ServerConfig } from '../../config/schema/server-config.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { findRoute, isForWatchers } from '../routes.js';

/**
 * Refuses requests for a name that is not ours. A page whose own name was made to resolve to
 * 127.0.0.1 (DNS rebinding) is of the same origin for the browser; its name in `Host` is all that
 * tells. Beyond the loopback names are many, so that they are checked only where they are listed.
 */
export function refuseForeignHosts(
  { host, adminHost, hosts }: ServerConfig,
  isAtAdminPort: (request: Request) => boolean,
) {
  const isAnyListed = hosts.length > 0;
  return (request: Request, _response: Response, next: NextFunction): void => {
    const isChecked = isAnyListed || isLoopback(isAtAdminPort(request) ? adminHost : host);
    if (!isChecked || isForWatchers(findRoute(request.path)?.kind)) return next();
    const name = nameIn(request.headers.host);
    // No browser leaves it out.
    if (name === undefined || isLoopback(name) || hosts.includes(name)) return next();
    throw new GatewayError(
      'host_not_allowed',
      `This service is not known as ${printable(name)}. If that is right, list it in server.hosts in the configuration; a proxy on the same host needs that, or has to send another Host.`,
    );
  };
}

/** The name in a `Host` header, without its port; what is no name is passed on as it is. */
export function nameIn(host: string | undefined): string | undefined {
  return host?.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
}

function printable(name: string): string {
  return /^[a-z0-9_.:[\]-]{1,253}$/.test(name) ? name : 'what Host says';
}
