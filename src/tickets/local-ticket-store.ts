import type { ByteBudget } from '../contract/byte-budget.js';
import { ShortLived } from './short-lived.js';
import {
  holdTicket,
  MAX_TICKETS_OF_CALLER,
  TICKET_MS,
  type TicketStore,
  tooManyTickets,
} from './ticket-store.js';

interface Kept extends Disposable {
  readonly sealed: Buffer;
}

/** The tickets of this process. */
export class LocalTicketStore implements TicketStore {
  readonly #open = new ShortLived<Kept>(TICKET_MS);
  readonly #counts = new Map<string, number>();

  constructor(private readonly budget: ByteBudget) {}

  async put(id: string, flow: string, sealed: Buffer): Promise<void> {
    const count = this.#counts.get(flow) ?? 0;
    if (count >= MAX_TICKETS_OF_CALLER) throw tooManyTickets();
    const held = holdTicket(this.budget, sealed);
    this.#counts.set(flow, count + 1);
    const dispose = () => {
      held[Symbol.dispose]();
      this.#forgetOne(flow);
    };
    this.#open.add(id, { sealed, [Symbol.dispose]: dispose });
  }

  async take(id: string): Promise<Buffer | undefined> {
    using kept = this.#open.take(id);
    return kept?.sealed;
  }

  #forgetOne(flow: string): void {
    const left = (this.#counts.get(flow) ?? 0) - 1;
    if (left > 0) this.#counts.set(flow, left);
    else this.#counts.delete(flow);
  }
}
