import type { EventSourceMessage } from 'eventsource-parser';
import type { UpstreamNotices } from '../../../contract/chat-backend.js';
import type { EventBatch } from '../../../contract/event-batch.js';
import { beginsAsJson, bytesFrom } from '../../shared/answer/bare-json.js';
import { batchesOf } from '../../shared/answer/batches.js';
import { SseDecoder } from '../../shared/answer/sse-decoder.js';
import type { StreamSource } from '../../shared/connection/stream-source.js';
import { TimedReader } from '../../shared/connection/timed-reader.js';
import { readWholeAnswer } from '../../shared/connection/whole-answer.js';
import { cutFault } from '../../shared/errors/upstream-fault.js';
import { streamResponse } from './responses-answer.js';
import { ResponsesEventMapper } from './responses-event-mapper.js';

/**
 * The body of a streamed response as events. Its last event (`response.completed`,
 * `response.incomplete`) ends it well, whatever comes behind it; nothing else does.
 * @see https://platform.openai.com/docs/api-reference/responses-streaming
 * @param notices is told of everything that is no event of this protocol; it is skipped
 * @throws GatewayError `upstream_cut`, `upstream_protocol`, `overloaded`, or what a failure means
 */
export async function* readResponsesStream(
  bytes: AsyncIterable<Uint8Array, undefined>,
  source: StreamSource,
  notices: UpstreamNotices,
): AsyncGenerator<EventBatch> {
  const reader = new TimedReader(bytes);
  using events = new SseDecoder(source, () => notices.malformedEvent());
  const mapper = new ResponsesEventMapper(source, notices);
  const map = ({ event, data }: EventSourceMessage) =>
    event === 'error' ? mapper.fail(data) : mapper.map(data, event);
  let isFirst = true;
  try {
    for (;;) {
      const read = await reader.read();
      if (isFirst && !read.done && beginsAsJson(read.value)) {
        const json = await readWholeAnswer(source, bytesFrom(read.value, reader), {});
        yield* streamResponse(json, source, notices);
        return;
      }
      isFirst = false;
      const arrived = read.done ? events.end() : events.decode(read.value);
      for (const batch of batchesOf(arrived, map)) yield batch;
      if (mapper.ended) return;
      if (read.done) throw cutFault(source.backend);
    }
  } finally {
    await reader.leave();
  }
}
