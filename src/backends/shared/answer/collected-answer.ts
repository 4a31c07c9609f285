import type { ChatAnswer } from '../../../contract/chat-answer.js';
import { defined } from '../../../contract/json.js';
import type { ChunkBatch, EndChunk, StartChunk } from '../../../contract/stream-chunk.js';
import { JoinedContent } from './joined-content.js';
import type { StreamSource } from '../connection/stream-source.js';
import { cutFault, protocolFault } from '../errors/upstream-fault.js';
import { MAX_ANSWER_BYTES } from '../connection/whole-answer.js';

/**
 * The whole answer of a server that streams although it was not asked to.
 * @throws GatewayError `upstream_protocol` when it cannot be held or joined, `overloaded`, and what
 *   the stream throws
 */
export async function collectAnswer(
  { backend, eventBytes }: StreamSource,
  batches: AsyncIterable<ChunkBatch>,
): Promise<ChatAnswer> {
  using held = eventBytes.open();
  const joined = new JoinedContent();
  let start: StartChunk | undefined;
  let end: EndChunk | undefined;
  for await (const batch of batches) {
    for (const chunk of batch) {
      if (chunk.type === 'start') start = chunk;
      else if (chunk.type === 'end') end = chunk;
      else joined.add(chunk);
    }
    held.hold(joined.chars);
    if (joined.chars > MAX_ANSWER_BYTES) {
      throw protocolFault(backend, 'streamed more than can be held, where no stream was asked for');
    }
    if (joined.hasOpaque) {
      throw protocolFault(
        backend,
        'streamed what only a stream can show, where none was asked for',
      );
    }
  }
  if (!start || !end) throw cutFault(backend);
  return defined({
    id: start.id,
    model: start.model,
    backend,
    requestId: start.requestId,
    ...joined.content,
    finishReason: end.reason,
    rawReason: end.rawReason,
    usage: end.usage,
  });
}
