import type { NextFunction, Request, Response } from 'express';
import { GatewayError } from '../../contract/gateway-error.js';
import { findRoute } from '../routes.js';
import { ticketHeaders } from './ticket-headers.js';
import type { Tickets } from '../../tickets/tickets.js';

/**
 * Makes a `GET /chat?ticket=…` the `POST /chat` that its ticket was made for: who asks is found out
 * as if it came now, and no other part of Sluice knows of tickets. One that is used or unknown is a
 * 204, which stops an EventSource.
 * @param refusal why nobody is served at the moment: the ticket is not spent on that
 */
export function redeemTicket(tickets: Tickets, refusal: () => GatewayError | undefined) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const ticket = ticketIn(request);
    if (ticket === undefined) return next();
    // Whoever reconnects has had its stream.
    const reconnects = request.headers['last-event-id'] !== undefined;
    const refused = reconnects ? undefined : refusal();
    if (refused) throw refused;
    const kept = reconnects ? undefined : await tickets.redeem(ticket);
    if (!kept) {
      response.status(204).set('cache-control', 'no-store').end();
      return;
    }
    for (const name of ticketHeaders(response.locals.context.config)) delete request.headers[name];
    Object.assign(request.headers, kept.headers);
    request.method = 'POST';
    request.url = '/chat';
    response.locals.ticketBody = kept.body;
    next();
  };
}

/** @throws GatewayError `invalid_request` where there is something beside it */
function ticketIn({ method, path, url }: Request): string | undefined {
  if (method !== 'GET' || !url.includes('ticket=') || findRoute(path)?.path !== '/chat') return;
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  const ticket = query.get('ticket');
  if (ticket === null) return;
  if (query.size === 1) return ticket;
  throw new GatewayError(
    'invalid_request',
    'ticket must be the only parameter: all that the request says is in the body it was made with.',
    { param: 'ticket' },
  );
}
