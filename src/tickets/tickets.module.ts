import { Module } from '@nestjs/common';
import { RedisLink } from '../redis/redis-link.js';
import { LocalTicketStore } from './local-ticket-store.js';
import { SharedTicketStore } from './shared-ticket-store.js';
import { ticketBudget, TicketStore } from './ticket-store.js';
import { Tickets } from './tickets.js';

@Module({
  providers: [
    Tickets,
    {
      provide: TicketStore,
      inject: [{ token: RedisLink, optional: true }],
      useFactory: (link?: RedisLink) =>
        link ? new SharedTicketStore(link, ticketBudget()) : new LocalTicketStore(ticketBudget()),
    },
  ],
  exports: [Tickets],
})
export class TicketsModule {}
