import { GatewayError } from '../contract/gateway-error.js';
import { isContent, type StreamChunk } from '../contract/stream-chunk.js';

/** What a second answer makes of a first one that broke off after `said`. */
export type Joint =
  | { readonly fits: false }
  /** `chunks` go on where `said` stops. */
  | { readonly fits: true; readonly chunks: AsyncIterable<StreamChunk> };

/**
 * Reads an answer that was generated again for as long as it repeats what has been said.
 * It fits once it has said all of it; at the first difference it does not.
 */
export async function joinRepeated(
  chunks: AsyncIterator<StreamChunk>,
  said: string,
): Promise<Joint> {
  let at = 0;
  for (;;) {
    const { done, value: chunk } = await chunks.next();
    if (done) return { fits: false };
    if (chunk.type === 'end') {
      return at === said.length ? { fits: true, chunks: following(chunks, chunk) } : MISFIT;
    }
    if (!isContent(chunk)) continue;
    if (at === said.length) return { fits: true, chunks: following(chunks, chunk) };
    if (chunk.type !== 'text-delta') return MISFIT;
    const known = said.slice(at, at + chunk.text.length);
    if (!chunk.text.startsWith(known)) return MISFIT;
    at += known.length;
    const rest = chunk.text.slice(known.length);
    if (rest !== '') {
      return { fits: true, chunks: following(chunks, { type: 'text-delta', text: rest }) };
    }
  }
}

const MISFIT = { fits: false } as const;

/** The chunks of an answer that was given the beginning: they go on behind it as they are. */
export function joinContinued(chunks: AsyncIterator<StreamChunk>): AsyncIterable<StreamChunk> {
  return following(chunks);
}

/**
 * The chunks behind a joint. They carry no wire: its events have another id, name another model, and
 * may repeat what was said. What only a wire can carry would be lost, so it ends the stream.
 */
async function* following(
  chunks: AsyncIterator<StreamChunk>,
  first?: StreamChunk,
): AsyncGenerator<StreamChunk> {
  if (first) yield withoutWire(first);
  if (first?.type === 'end') return;
  for (;;) {
    const { done, value: chunk } = await chunks.next();
    if (done) return;
    if (chunk.type === 'passthrough' && chunk.opaqueContent) {
      throw new GatewayError(
        'upstream_protocol',
        'The answer went on with content that cannot be joined to its beginning.',
      );
    }
    if (chunk.type === 'start' || chunk.type === 'passthrough') continue;
    yield withoutWire(chunk);
  }
}

function withoutWire({ wire: _, ...chunk }: StreamChunk): StreamChunk {
  return chunk;
}
