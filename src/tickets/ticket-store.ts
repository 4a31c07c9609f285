import { ByteBudget, type HeldBytes } from '../contract/byte-budget.js';
import { GatewayError } from '../contract/gateway-error.js';

export const TICKET_MS = 60_000;

/** Open at once, of one caller. */
export const MAX_TICKETS_OF_CALLER = 100;

/** Of all tickets that this process has made. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What an entry takes besides what is sealed in it. */
const ENTRY_BYTES = 512;

/** A sealed request under the id of its ticket, for `TICKET_MS`. */
export interface TicketStore {
  /** @throws GatewayError `rate_limited`, `overloaded` where there is no room for it */
  put(id: string, flow: string, sealed: Buffer): Promise<void>;
  /** Gives it to one taker; absent for all others, and when its time is over. */
  take(id: string): Promise<Buffer | undefined>;
}
/** The injection token has the same name. */
export const TicketStore = Symbol('TicketStore');

/** What tickets take in this process, or in Redis by its doing. */
export function ticketBudget(): ByteBudget {
  return new ByteBudget({ maxBytes: MAX_BYTES, what: 'requests that have a ticket' });
}

/** @throws GatewayError `overloaded` */
export function holdTicket(budget: ByteBudget, sealed: Buffer): HeldBytes {
  const held = budget.open();
  held.hold(sealed.length + ENTRY_BYTES);
  return held;
}

export function tooManyTickets(): GatewayError {
  return new GatewayError(
    'rate_limited',
    `${MAX_TICKETS_OF_CALLER} tickets of yours are open: use them, or wait until they expire, which they do ${TICKET_MS / 1000} s after they were made.`,
  );
}
