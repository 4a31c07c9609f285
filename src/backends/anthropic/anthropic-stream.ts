import type { EventSourceMessage } from 'eventsource-parser';
import type { UpstreamNotices } from '../../contract/chat-backend.js';
import { EventBatch } from '../../contract/event-batch.js';
import { batchesOf } from '../shared/answer/batches.js';
import { SseDecoder } from '../shared/answer/sse-decoder.js';
import type { StreamSource } from '../shared/connection/stream-source.js';
import { TimedReader } from '../shared/connection/timed-reader.js';
import { cutFault } from '../shared/errors/upstream-fault.js';
import { AnthropicEventMapper } from './anthropic-event-mapper.js';

/** How long `message_stop` may take after the stop reason. */
const AFTER_STOP_MS = 1000;

/**
 * The body of a streamed Message as events. `message_stop` ends it well; a stop reason that no content
 * follows makes the answer whole: after it EOF, a reset or a second of silence end it well, too.
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 * @param notices is told of everything that is no event of this protocol; it is skipped
 * @throws GatewayError `upstream_cut`, `upstream_protocol`, `overloaded`, or what an in-band error means
 */
export async function* readAnthropicStream(
  bytes: AsyncIterable<Uint8Array, undefined>,
  source: StreamSource,
  notices: UpstreamNotices,
): AsyncGenerator<EventBatch> {
  const reader = new TimedReader(bytes);
  using events = new SseDecoder(source, () => notices.malformedEvent());
  const mapper = new AnthropicEventMapper(source, notices);
  const map = ({ event, data }: EventSourceMessage) =>
    event === 'error' ? mapper.fail(data) : mapper.map(data);
  let wholeAt: number | undefined;
  try {
    for (;;) {
      const read = await (wholeAt === undefined
        ? reader.read()
        : reader.readBefore(wholeAt + AFTER_STOP_MS));
      if (read === 'late') break;
      const arrived = read.done ? events.end() : events.decode(read.value);
      for (const batch of batchesOf(arrived, map)) yield batch;
      if (mapper.failure) throw mapper.failure;
      if (mapper.ended) return;
      if (read.done && !mapper.isWhole) throw cutFault(source.backend);
      if (read.done) break;
      wholeAt = mapper.isWhole ? (wholeAt ?? performance.now()) : undefined;
    }
  } catch (error) {
    // Whatever comes behind the last word, the answer is whole.
    if (!mapper.isWhole) throw error;
  } finally {
    await reader.leave();
  }
  yield new EventBatch([mapper.end()]);
}
