import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { GatewayError } from '../../contract/gateway-error.js';
import { declaredBytes, type Encoding } from './body-headers.js';
import type { Reservation } from './body-room.js';
import { GrowingBuffer } from './growing-buffer.js';

export interface BodyBounds {
  readonly maxBytes: number;
  /** From the request's headers to the body's last byte. */
  readonly maxMs: number;
}

const INFLATE: Readonly<Record<Encoding, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * Reserves what a body was announced with, before any of it is read.
 * @throws GatewayError `payload_too_large`, `overloaded`
 */
export function reserveAnnounced(
  request: IncomingMessage,
  encoding: Encoding | undefined,
  { maxBytes }: BodyBounds,
  reservation: Reservation,
): void {
  const announcedBytes = declaredBytes(request) ?? 0;
  if (announcedBytes > maxBytes) throw tooLarge(maxBytes);
  // What a compressed body will take is not known from its own length.
  if (!encoding) reservation.growTo(announcedBytes);
}

/**
 * Reads the body of the request that `response` answers to its end, or to the first bound that it
 * meets.
 * @param reservation grows as bytes come that were not announced, before they are kept
 * @throws GatewayError `payload_too_large`, `overloaded`, `body_timeout`, `invalid_request`
 */
export async function receiveBody(
  response: ServerResponse,
  encoding: Encoding | undefined,
  { maxBytes, maxMs }: BodyBounds,
  reservation: Reservation,
): Promise<GrowingBuffer> {
  const request = response.req;
  const body = new GrowingBuffer(encoding ? 0 : (declaredBytes(request) ?? 0));
  const { promise: received, resolve, reject } = Promise.withResolvers<void>();
  const onData = (bytes: Buffer) => {
    try {
      if (body.length + bytes.length > maxBytes) throw tooLarge(maxBytes);
      reservation.growTo(body.length + bytes.length);
      body.append(bytes);
    } catch (error) {
      reject(error);
    }
  };
  const onError = () => reject(unreadable(encoding ? 'it does not decompress' : 'it broke off'));
  const onClose = () => reject(unreadable('its sender left'));
  const timer = setTimeout(() => reject(late(maxMs)), maxMs);
  const inflate = encoding && INFLATE[encoding]();
  const source: Readable = inflate ? request.pipe(inflate) : request;
  source.on('data', onData).once('end', resolve).once('error', onError);
  // The request closes as soon as it was read, also when there is much to inflate.
  response.once('close', onClose);
  try {
    await received;
    return body;
  } catch (error) {
    body.free();
    throw error;
  } finally {
    clearTimeout(timer);
    // All of them: what listens on here would keep the body for as long as the request is known.
    source.off('data', onData).off('end', resolve).off('error', onError);
    response.off('close', onClose);
    if (inflate) {
      request.unpipe(inflate);
      inflate.destroy();
    }
  }
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError(
    'payload_too_large',
    `The request body is larger than the ${maxBytes} bytes allowed here.`,
  );
}

function late(maxMs: number): GatewayError {
  return new GatewayError(
    'body_timeout',
    `The request body did not come to its end within ${maxMs} ms.`,
  );
}

function unreadable(why: string): GatewayError {
  return new GatewayError('invalid_request', `The request body cannot be read: ${why}.`);
}
