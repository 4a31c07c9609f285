import { addAbortSignal, pipeline, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { GatewayError } from '../../contract/gateway-error.js';
import { cutFault, protocolFault } from './upstream-fault.js';

/** What is inflated at a time, and the most that waits for its reader: a bomb goes off in such pieces. */
const PIECE_BYTES = 16 * 1024;
const OPTIONS = { chunkSize: PIECE_BYTES, highWaterMark: PIECE_BYTES };

/** Makes a decoder, given the first bytes. */
const DECODERS: Readonly<Record<string, (first: Uint8Array) => Transform>> = {
  gzip: () => zlib.createGunzip(OPTIONS),
  'x-gzip': () => zlib.createGunzip(OPTIONS),
  br: () => zlib.createBrotliDecompress(OPTIONS),
  // Some servers leave the zlib header out, whose low nibble is 8.
  deflate: ([head = 0]) =>
    (head & 0x0f) === 8 ? zlib.createInflate(OPTIONS) : zlib.createInflateRaw(OPTIONS),
};

/** The encoding of a body, or nothing where its bytes are what they seem. */
export function encodingOf(header: string | string[] | undefined): string | undefined {
  const encoding = String(header ?? '')
    .trim()
    .toLowerCase();
  return encoding === '' || encoding === 'identity' ? undefined : encoding;
}

/**
 * A body that came compressed although nobody asked for it, as its reader takes it.
 * @throws GatewayError `upstream_cut` when it ends early, `upstream_protocol` when its bytes or its
 *   encoding are not understood, and whatever `body` throws
 */
export async function* decodedBody(
  backend: string,
  encoding: string,
  body: AsyncIterator<Uint8Array, undefined>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, undefined> {
  const decoderFor = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
  if (!decoderFor) throw protocolFault(backend, 'answered in a content-encoding that is not known');
  let first: IteratorResult<Uint8Array, undefined>;
  try {
    first = await body.next();
  } catch (error) {
    throw GatewayError.from(error);
  }
  if (first.done) return;
  const { value } = first;
  const decoder = decoderFor(value);
  // Its handle is closed with the stream, not when it is collected.
  addAbortSignal(signal, decoder);
  pipeline(piecesOf(value, body), decoder, () => undefined);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw decodingFault(backend, error, signal);
  } finally {
    decoder.destroy();
    await body.return?.();
  }
}

async function* piecesOf(
  first: Uint8Array,
  body: AsyncIterator<Uint8Array, undefined>,
): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await body.next(); !next.done; next = await body.next()) yield next.value;
}

function decodingFault(backend: string, error: unknown, signal: AbortSignal): GatewayError {
  if (error instanceof GatewayError) return error;
  const isCut = signal.aborted || (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
  return isCut
    ? cutFault(backend, error)
    : protocolFault(backend, 'sent compressed bytes that cannot be read', error);
}
