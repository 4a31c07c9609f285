import type { ChatAnswer } from '../../../contract/chat-answer.js';
import type { EventBatch } from '../../../contract/event-batch.js';
import type { EndPart, StartPart } from '../../../contract/stream-event.js';
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
  batches: AsyncIterable<EventBatch>,
): Promise<ChatAnswer> {
  using held = eventBytes.open();
  const joined = new JoinedContent();
  let start: StartPart | undefined;
  let end: EndPart | undefined;
  for await (const batch of batches) {
    start ??= batch.start;
    end = batch.end;
    for (const { parts } of batch.events) for (const part of parts) joined.add(part);
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
  return {
    id: start.id,
    model: start.model,
    backend,
    requestId: start.requestId,
    ...joined.content,
    finishReason: end.reason,
    rawReason: end.rawReason,
    usage: end.usage,
  };
}
