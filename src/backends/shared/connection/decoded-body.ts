import { addAbortSignal, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { GatewayError } from '../../../contract/gateway-error.js';
import { cutFault, protocolFault } from '../errors/upstream-fault.js';

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

/** What servers call a body that is not encoded; some name its characters. */
const PLAIN = new Set(['', 'identity', 'none', 'utf-8', 'utf8']);

/** The encoding of a body, or nothing where its bytes are what they seem. */
export function encodingOf(header: string | string[] | undefined): string | undefined {
  const encoding = String(header ?? '')
    .trim()
    .toLowerCase();
  return PLAIN.has(encoding) ? undefined : encoding;
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
  const first = await body.next();
  if (first.done) return;
  const decoder = decoderFor(first.value);
  // Its handle is closed with the stream, not when it is collected.
  addAbortSignal(signal, decoder);
  try {
    yield* inflated(decoder, first.value, body);
  } catch (error) {
    throw decodingFault(backend, error, signal);
  } finally {
    decoder.destroy();
    await body.return?.();
  }
}

/** What breaks off is given to its last byte before its failure is thrown: a pipeline would drop what waits. */
async function* inflated(
  decoder: Transform,
  first: Uint8Array,
  body: AsyncIterator<Uint8Array, undefined>,
): AsyncGenerator<Uint8Array, undefined> {
  let fed: { readonly error?: unknown } | undefined;
  let wake: (() => void) | undefined;
  const feeds = (result: { readonly error?: unknown }) => {
    fed ??= result;
    wake?.();
  };
  decoder.on('readable', () => wake?.());
  decoder.on('error', (error) => feeds({ error }));
  feed(decoder, first, body)
    .then(() => feeds({}))
    .catch((error: unknown) => feeds({ error }));
  for (;;) {
    const piece = decoder.read() as Uint8Array | null;
    if (piece) yield piece;
    else if (fed) break;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
  if (fed.error !== undefined) throw fed.error;
  // Throws where the compressed bytes are not complete.
  decoder.end();
  yield* decoder as AsyncIterable<Uint8Array>;
}

/** Resolves once all of `body` was inflated, which waits for a reader that does not take it. */
async function feed(
  decoder: Transform,
  first: Uint8Array,
  body: AsyncIterator<Uint8Array, undefined>,
): Promise<void> {
  let next: IteratorResult<Uint8Array, undefined> = { done: false, value: first };
  for (; !next.done; next = await body.next()) {
    const { value } = next;
    await new Promise<void>((resolve, reject) => {
      decoder.write(value, (error) => (error ? reject(error) : resolve()));
    });
  }
}

function decodingFault(backend: string, error: unknown, signal: AbortSignal): GatewayError {
  if (error instanceof GatewayError) return error;
  const isCut = signal.aborted || (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
  return isCut
    ? cutFault(backend, error)
    : protocolFault(backend, 'sent compressed bytes that cannot be read', error);
}
