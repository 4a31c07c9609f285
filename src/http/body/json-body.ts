import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { bytesOf } from '../../config/byte-size.js';
import type { ServerConfig } from '../../config/gateway-config.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import { isGenerationPath } from '../paths.js';
import { BodyBudget } from './body-budget.js';
import { ACCEPTED, encodingOf, requireJson } from './body-headers.js';
import { parseJson } from './parse-json.js';
import { type BodyBounds, receiveBody, refuseTooLarge } from './receive-body.js';
import { JSON_BOUNDS } from './scan-json.js';

/**
 * Reads the body of the requests that take one: a `POST` that asks for a generation. Whatever can
 * be refused without it is refused before; what any other request sends is nobody's to read.
 * @param refusal why nobody is served at the moment, whatever they ask for
 */
export function jsonBody(
  server: ServerConfig,
  refusal: () => GatewayError | undefined,
): RequestHandler {
  const bounds: BodyBounds = { maxBytes: bytesOf(server.bodyLimit), maxMs: server.bodyMs };
  const budget = new BodyBudget(bytesOf(server.bodyBytesInFlight));

  return async (request: Request, response: Response, next: NextFunction) => {
    if (request.method !== 'POST' || !isGenerationPath(request.path)) return next();
    const refused = refusal();
    if (refused) throw refused;
    requireJson(request);
    const { compressedBodies } = server;
    response.setHeader('accept-encoding', compressedBodies ? ACCEPTED.compressed : ACCEPTED.plain);
    const encoding = encodingOf(request, compressedBodies);
    response.removeHeader('accept-encoding');
    refuseTooLarge(request, bounds);

    const reservation = budget.reserve();
    // What was parsed lives as long as its answer: until then another target may be asked with it.
    response.once('close', () => reservation.release());
    try {
      invite(request, response);
      const body = await receiveBody(request, encoding, bounds, reservation);
      try {
        request.body = parseJson(body.bytes(), JSON_BOUNDS, reservation);
      } finally {
        body.free();
      }
    } catch (error) {
      reservation.release();
      throw error;
    }
    next();
  };
}

/** A caller that asks first (`Expect: 100-continue`) has sent nothing so far. */
function invite(request: Request, response: Response): void {
  if (request.headers.expect !== undefined) response.writeContinue();
}
