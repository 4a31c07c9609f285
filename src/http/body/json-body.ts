import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { bytesOf } from '../../config/rules/byte-size.js';
import type { ServerConfig } from '../../config/schema/server-config.js';
import { MAX_BODY_EXTENT } from '../../contract/json-extent.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import { findRoute, type HttpRoute } from '../routes.js';
import { ACCEPTED, type Encoding, encodingOf, requireJson } from './body-headers.js';
import { BodyRoom, type Reservation } from './body-room.js';
import type { GrowingBuffer } from './growing-buffer.js';
import { parseJson } from './parse-json.js';
import { type BodyBounds, receiveBody, reserveAnnounced } from './receive-body.js';

/** Largest body of a request for a ticket: it is kept until somebody comes with the ticket. */
const MAX_TICKET_BYTES = 1024 * 1024;

/**
 * Reads the body of the requests that take one: a `POST` that asks for a generation, for a count of
 * tokens, or for a ticket. Whatever can be refused without it is refused before; what any other request sends is
 * nobody's to read.
 * @param refusal why nobody is served at the moment, whatever they ask for
 */
export function jsonBody(
  server: ServerConfig,
  refusal: () => GatewayError | undefined,
): RequestHandler {
  const maxBytes = bytesOf(server.bodyLimit);
  const bounds: Partial<Record<HttpRoute['kind'], BodyBounds>> = {
    generation: { maxBytes, maxMs: server.bodyMs },
    count: { maxBytes, maxMs: server.bodyMs },
    ticket: { maxBytes: Math.min(maxBytes, MAX_TICKET_BYTES), maxMs: server.bodyMs },
  };
  const room = new BodyRoom(bytesOf(server.bodyBytesInFlight));

  return async (request: Request, response: Response, next: NextFunction) => {
    const kind = request.method === 'POST' ? findRoute(request.path)?.kind : undefined;
    const itsBounds = kind && bounds[kind];
    if (!itsBounds) return next();
    const refused = refusal();
    if (refused) throw refused;
    const reservation = room.open();
    // What was parsed lives as long as its answer: until then another target may be asked with it.
    response.once('close', () => reservation[Symbol.dispose]());
    try {
      const { ticketBody } = response.locals;
      response.locals.ticketBody = undefined;
      response.locals.context.bodyBytes = ticketBody?.length;
      request.body = ticketBody
        ? parseTicket(ticketBody, response, reservation)
        : await receiveJson(request, response, itsBounds, reservation);
    } catch (error) {
      reservation[Symbol.dispose]();
      throw error;
    }
    // What went wrong beside may have been answered meanwhile.
    if (!response.headersSent) next();
  };

  async function receiveJson(
    request: Request,
    response: Response,
    itsBounds: BodyBounds,
    reservation: Reservation,
  ): Promise<object> {
    requireJson(request);
    const encoding = acceptedEncoding(request, response, server);
    reserveAnnounced(request, encoding, itsBounds, reservation);
    invite(request, response);
    const body = await receiveBody(response, encoding, itsBounds, reservation);
    response.locals.context.bodyBytes = body.length;
    return parsedOnce(body, reservation);
  }
}

function parseTicket(body: Buffer, response: Response, reservation: Reservation): object {
  response.locals.context.bodyBytes = body.length;
  return parseJson(body, MAX_BODY_EXTENT, reservation);
}

function acceptedEncoding(
  request: Request,
  response: Response,
  { compressedBodies }: ServerConfig,
): Encoding | undefined {
  try {
    return encodingOf(request, compressedBodies);
  } catch (error) {
    response.setHeader('accept-encoding', compressedBodies ? ACCEPTED.compressed : ACCEPTED.plain);
    throw error;
  }
}

function parsedOnce(body: GrowingBuffer, reservation: Reservation): object {
  try {
    return parseJson(body.bytes(), MAX_BODY_EXTENT, reservation);
  } finally {
    body.free();
  }
}

/** A caller that asks first (`Expect: 100-continue`) has sent nothing so far. */
function invite(request: Request, response: Response): void {
  if (request.headers.expect !== undefined) response.writeContinue();
}
