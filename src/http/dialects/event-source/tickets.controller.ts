import { Body, Controller, Header, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { routeFor } from '../../../generation/routing/route-for.js';
import { callerContextOf } from '../../caller-context-of.js';
import { headersToKeep } from '../../tickets/ticket-headers.js';
import { TICKET_MS } from '../../../tickets/ticket-store.js';
import { Tickets } from '../../../tickets/tickets.js';
import { ApiTicket } from './chat.docs.js';
import { eventSource } from './dialect.js';
import { parseChatBody } from './parse-request.js';
import type { Ticket } from './ticket.dto.js';

/** For pages with an EventSource: their key stays out of the URL, and what they say may be long. */
@Controller('chat/tickets')
export class TicketsController {
  constructor(private readonly tickets: Tickets) {}

  /** A ticket for the answer to a conversation, which `GET /chat?ticket=…` streams. */
  @Post()
  @Header('cache-control', 'no-store')
  @ApiTicket()
  async issue(
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Ticket> {
    // What is wrong with it is said now: an EventSource shows no error.
    const { flow, caller, config } = callerContextOf(response.req, response, eventSource.name);
    routeFor(parseChatBody(body).model, caller, config);
    const ticket = await this.tickets.issue(flow, {
      headers: headersToKeep(response.req.headers, config),
      body: Buffer.from(JSON.stringify(body)),
    });
    return { ticket, expiresInMs: TICKET_MS };
  }
}
