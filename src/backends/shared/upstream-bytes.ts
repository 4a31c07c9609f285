import { GatewayError } from '../../contract/gateway-error.js';
import { cutFault } from './upstream-fault.js';
import type { Dispatcher } from 'undici';

/** The body of an undici response. */
export type UpstreamBody = Dispatcher.ResponseData['body'];

/** What is read from the upstream's socket before anyone asks for it, per stream. */
export const UPSTREAM_READ_AHEAD_BYTES = 32 * 1024;

/** What waits in the socket itself before that; undici's 64 KiB would make it the largest buffer of all. */
export const UPSTREAM_SOCKET_BYTES = 16 * 1024;

/** What may follow the last event we wanted (a final chunk, `[DONE]`) before the connection is given up. */
const LEFTOVER = { bytes: 16 * 1024, ms: 1000 };

/**
 * The bytes of a response. Leaving them early reads a small rest, so that the connection can be
 * used again; a longer rest, or a silent one, closes it.
 */
export function bytesOf(body: UpstreamBody): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = body.iterator({ destroyOnReturn: false });
      let bytesRead = 0;
      return {
        async next() {
          const piece = (await iterator.next()) as IteratorResult<Uint8Array, undefined>;
          if (!piece.done) bytesRead += piece.value.byteLength;
          return piece;
        },
        async return() {
          // undici's limit counts from the beginning of the body.
          const limit = bytesRead + LEFTOVER.bytes;
          body
            .dump({ limit, signal: AbortSignal.timeout(LEFTOVER.ms) })
            .catch(() => body.destroy());
          return { done: true as const, value: undefined };
        },
      };
    },
  };
}

/**
 * A whole body as text, for answers that are not streams.
 * @throws GatewayError `upstream_cut` when it ends early, `upstream_protocol` over `maxBytes`
 */
export async function textOf(
  backend: string,
  body: UpstreamBody,
  maxBytes: number,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      bytes += piece.byteLength;
      if (bytes > maxBytes) {
        throw new GatewayError(
          'upstream_protocol',
          `The answer of backend "${backend}" is larger than ${maxBytes} bytes.`,
        );
      }
      text += decoder.decode(piece, { stream: true });
    }
  } catch (error) {
    throw error instanceof GatewayError ? error : cutFault(backend, error);
  }
  return text + decoder.decode();
}
