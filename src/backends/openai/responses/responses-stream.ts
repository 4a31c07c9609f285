import type { EventSourceMessage } from 'eventsource-parser';
import type { UpstreamNotices } from '../../../contract/chat-backend.js';
import type { EventBatch } from '../../../contract/event-batch.js';
import { batchesOf } from '../../shared/answer/batches.js';
import { SseDecoder } from '../../shared/answer/sse-decoder.js';
import type { StreamSource } from '../../shared/connection/stream-source.js';
import { TimedReader } from '../../shared/connection/timed-reader.js';
import { cutFault } from '../../shared/errors/upstream-fault.js';
import { ResponsesEventMapper } from './responses-event-mapper.js';

/**
 * The body of a streamed Response as events. Only its terminal event ends it well: it has all of the
 * answer once more, and nothing comes behind it.
 * @see https://platform.openai.com/docs/api-reference/responses-streaming
 * @param notices is told of everything that is no event of this protocol; it is skipped
 * @throws GatewayError `upstream_cut`, `upstream_protocol`, `overloaded`, or what an in-band error means
 */
export async function* readResponsesStream(
  bytes: AsyncIterable<Uint8Array, undefined>,
  source: StreamSource,
  notices: UpstreamNotices,
): AsyncGenerator<EventBatch> {
  const reader = new TimedReader(bytes);
  using events = new SseDecoder(source, () => notices.malformedEvent());
  const mapper = new ResponsesEventMapper(source, notices);
  const map = ({ event, data }: EventSourceMessage) => mapper.map(event, data);
  try {
    for (;;) {
      const read = await reader.read();
      const arrived = read.done ? events.end() : events.decode(read.value);
      for (const batch of batchesOf(arrived, map)) yield batch;
      if (mapper.ended) return;
      if (read.done) throw cutFault(source.backend);
    }
  } finally {
    await reader.leave();
  }
}
