import { GatewayError } from '../../contract/gateway-error.js';
import { type ChunkBatch, isContent, type StreamChunk } from '../../contract/stream-chunk.js';

/** What a second answer makes of a first one that broke off after `said`. */
export type Splice =
  | { readonly fits: false }
  /** `batches` go on where `said` stops. */
  | { readonly fits: true; readonly batches: AsyncIterable<ChunkBatch> };

/**
 * Reads an answer that was generated again for as long as it repeats what has been said.
 * It fits once it has said all of it; at the first difference it does not.
 */
export async function spliceRegenerated(
  chunks: AsyncIterator<StreamChunk>,
  said: string,
): Promise<Splice> {
  let at = 0;
  for (;;) {
    const { done, value: chunk } = await chunks.next();
    if (done) return { fits: false };
    if (chunk.type === 'end') {
      return at === said.length ? { fits: true, batches: afterSplice(chunks, chunk) } : MISFIT;
    }
    if (!isContent(chunk)) continue;
    if (at === said.length) return { fits: true, batches: afterSplice(chunks, chunk) };
    if (chunk.type !== 'text-delta') return MISFIT;
    const known = said.slice(at, at + chunk.text.length);
    if (!chunk.text.startsWith(known)) return MISFIT;
    at += known.length;
    const rest = chunk.text.slice(known.length);
    if (rest !== '') {
      return { fits: true, batches: afterSplice(chunks, { type: 'text-delta', text: rest }) };
    }
  }
}

const MISFIT = { fits: false } as const;

/** The chunks of an answer that was given the beginning: they go on behind it as they are. */
export function spliceContinued(chunks: AsyncIterator<StreamChunk>): AsyncIterable<ChunkBatch> {
  return afterSplice(chunks);
}

/**
 * The chunks behind a splice. What was made from an event that the caller does not get (the start of
 * this answer, or a text of which a part was said before) loses its wire; all others keep theirs.
 * Content that only a lost wire could carry ends the stream.
 */
async function* afterSplice(
  chunks: AsyncIterator<StreamChunk>,
  first?: StreamChunk,
): AsyncGenerator<ChunkBatch> {
  let isLost = true;
  for (let chunk = first ?? (await nextOf(chunks)); chunk; chunk = await nextOf(chunks)) {
    if (chunk.type === 'start') continue;
    if (chunk.wire !== undefined && chunk.wire !== 'covered') isLost = false;
    if (!isLost || chunk.wire === undefined) yield [chunk];
    else if (chunk.type !== 'passthrough') yield [withoutWire(chunk)];
    else if (chunk.opaqueContent) throw cannotBeSpliced();
    if (chunk.type === 'end') return;
  }
}

/** One by one: a splice may be in the middle of a batch. */
export async function* chunksOf(batches: AsyncIterable<ChunkBatch>): AsyncGenerator<StreamChunk> {
  for await (const batch of batches) yield* batch;
}

async function nextOf(chunks: AsyncIterator<StreamChunk>): Promise<StreamChunk | undefined> {
  const { done, value } = await chunks.next();
  return done ? undefined : value;
}

function withoutWire({ wire: _, ...chunk }: StreamChunk): StreamChunk {
  return chunk;
}

function cannotBeSpliced(): GatewayError {
  return new GatewayError(
    'upstream_protocol',
    'The answer went on with content that cannot be joined to its beginning.',
  );
}
