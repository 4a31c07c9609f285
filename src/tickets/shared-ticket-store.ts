import { createHash } from 'node:crypto';
import type { ByteBudget, HeldBytes } from '../contract/byte-budget.js';
import { GatewayError } from '../contract/gateway-error.js';
import { RedisAway, type RedisLink } from '../redis/redis-link.js';
import { LocalTicketStore } from './local-ticket-store.js';
import { PUT_TICKET } from './put-ticket.js';
import { ShortLived } from './short-lived.js';
import {
  holdTicket,
  MAX_TICKETS_OF_CALLER,
  TICKET_MS,
  type TicketStore,
  tooManyTickets,
} from './ticket-store.js';

/** Whose it is stands before what is sealed. */
const OWNER_BYTES = 32;

/**
 * Tickets in Redis, where every replica takes them. While it is away they are kept in this process,
 * and are good here alone.
 */
export class SharedTicketStore implements TicketStore {
  /** What this process has put there, and does not know to be gone. */
  readonly #put = new ShortLived<HeldBytes>(TICKET_MS);
  readonly #local: LocalTicketStore;

  constructor(
    private readonly link: RedisLink,
    private readonly budget: ByteBudget,
  ) {
    this.#local = new LocalTicketStore(budget);
  }

  async put(id: string, flow: string, sealed: Buffer): Promise<void> {
    const held = holdTicket(this.budget, sealed);
    try {
      await this.#putInRedis(id, createHash('sha256').update(flow).digest(), sealed);
      this.#put.add(id, held);
    } catch (error) {
      held[Symbol.dispose]();
      // Where it was sent it may be there nevertheless, and in two places it would be good twice.
      if (!(error instanceof RedisAway) || error.isSent) throw toGatewayError(error);
      await this.#local.put(id, flow, sealed);
    }
  }

  async take(id: string): Promise<Buffer | undefined> {
    const local = await this.#local.take(id);
    if (local) return local;
    const value = await this.#takeFromRedis(id);
    this.#put.take(id)?.[Symbol.dispose]();
    return value?.subarray(OWNER_BYTES);
  }

  async #putInRedis(id: string, owner: Buffer, sealed: Buffer): Promise<void> {
    const { redis } = this.link;
    const value = Buffer.concat([owner, sealed]);
    const [open, ticket] = [openKey(owner), ticketKey(id)];
    const hasRoom = await this.link.ask(() =>
      redis.eval(PUT_TICKET, 2, open, ticket, id, MAX_TICKETS_OF_CALLER, TICKET_MS, value),
    );
    if (hasRoom !== 1) throw tooManyTickets();
  }

  async #takeFromRedis(id: string): Promise<Buffer | undefined> {
    const { redis } = this.link;
    try {
      const value = await this.link.ask(() => redis.getdelBuffer(ticketKey(id)));
      if (!value) return undefined;
      const owner = value.subarray(0, OWNER_BYTES);
      // Where that fails it counts as open until its time is over.
      this.link.ask(() => redis.zrem(openKey(owner), id)).catch(() => undefined);
      return value;
    } catch (error) {
      throw toGatewayError(error);
    }
  }
}

/** Whatever Redis failed with: another ticket may fare better. */
function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError(
    'overloaded',
    'Tickets cannot be looked up at the moment: make another one.',
    { cause: error },
  );
}

function ticketKey(id: string): string {
  return `sluice:ticket:${id}`;
}

/** The tickets of one caller that are open, by the time that they expire. */
function openKey(owner: Buffer): string {
  return `sluice:tickets:${owner.toString('base64url')}`;
}
