import { Inject, Injectable } from '@nestjs/common';
import { idOf, isTicket, newTicket, seal, type TicketRequest, unseal } from './sealed-request.js';
import { TicketStore } from './ticket-store.js';

/** Requests that were made and are answered to whoever brings their ticket, once (ADR 30). */
@Injectable()
export class Tickets {
  constructor(@Inject(TicketStore) private readonly store: TicketStore) {}

  /**
   * A ticket for a request.
   * @param flow whose open tickets are counted
   * @throws GatewayError `rate_limited`, `overloaded`
   */
  async issue(flow: string, request: TicketRequest): Promise<string> {
    const ticket = newTicket();
    await this.store.put(idOf(ticket), flow, seal(ticket, request));
    return ticket;
  }

  /** The request of a ticket, to one taker; absent: there is no such ticket, or none any more. */
  async redeem(ticket: string): Promise<TicketRequest | undefined> {
    if (!isTicket(ticket)) return undefined;
    const sealed = await this.store.take(idOf(ticket));
    return sealed && unseal(ticket, sealed);
  }
}
