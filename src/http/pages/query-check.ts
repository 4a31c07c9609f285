import type { NextFunction, Request, Response } from 'express';
import { GatewayError } from '../../contract/gateway-error.js';
import { findRoute, isForWatchers } from '../routes.js';

/** What APIs call a key that they take in the query. */
const KEY_NAMES: ReadonlySet<string> = new Set([
  'key',
  'api_key',
  'api-key',
  'apikey',
  'access_token',
  'token',
]);

/** Such as `sk-proj-…` of OpenAI, `sk-ant-…` of Anthropic and `sk-sluice-…` of ours. */
const KEY = /^(bearer\s+)?sk-[\w-]{16,}$/i;

/**
 * Refuses a key in the query, wherever it belongs to: every proxy on the way writes the URL into its
 * log. It is not taken for a key first, or callers would go on sending it.
 */
export function refuseKeysInQuery(request: Request, _response: Response, next: NextFunction): void {
  const query = queryOf(request.url);
  if (query === '' || isForWatchers(findRoute(request.path)?.kind)) return next();
  for (const [name, value] of new URLSearchParams(query)) {
    // Neither is repeated: what was sent may be a key of another name.
    if (KEY_NAMES.has(name.toLowerCase()) || KEY.test(value.trim()) || KEY.test(name)) {
      throw new GatewayError(
        'invalid_request',
        'A key must not be in a URL: every proxy on the way has it in its log now, so replace it if it is a real one. Send it as Authorization: Bearer …; a page that cannot, as with EventSource, gets a ticket from POST /chat/tickets.',
      );
    }
  }
  next();
}

function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start + 1);
}
