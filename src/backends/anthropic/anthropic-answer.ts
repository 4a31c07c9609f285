import { randomUUID } from 'node:crypto';
import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { UpstreamNotices } from '../../contract/chat-backend.js';
import { EventBatch } from '../../contract/event-batch.js';
import { isJsonObject, type JsonObject, stringOr } from '../../contract/json.js';
import type { StreamPart } from '../../contract/stream-event.js';
import { JoinedContent } from '../shared/answer/joined-content.js';
import type { StreamSource } from '../shared/connection/stream-source.js';
import { parseErrorField, saysError } from '../shared/errors/upstream-error.js';
import { protocolFault, upstreamErrorFault } from '../shared/errors/upstream-fault.js';
import { partsOfBlock } from './anthropic-blocks.js';
import { parseStopReason } from './anthropic-stop.js';
import { AnthropicUsage } from './anthropic-usage.js';

/**
 * The JSON of a `message` as an answer. It is whole because its JSON is: one without a stop reason
 * ended its turn.
 * @throws GatewayError what its `error` means, `upstream_protocol` when it is no message,
 *   `upstream_cut` when its stop reason is a failure
 */
export function parseAnthropicAnswer(
  json: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): ChatAnswer {
  const { backend, model, requestId } = source;
  const parts = partsOf(json, source);
  const content = JoinedContent.of(parts);
  const { reason, rawReason } = parseStopReason(
    stringOr(json['stop_reason'], 'end_turn'),
    content.toolCalls.length > 0,
    backend,
    notices,
  );
  const usage = new AnthropicUsage(notices);
  usage.add(json['usage']);
  return {
    id: stringOr(json['id'], '') || `msg_${randomUUID()}`,
    model: stringOr(json['model'], '') || model,
    backend,
    requestId,
    ...content,
    finishReason: reason,
    rawReason,
    usage: usage.total,
    native: { dialect: 'messages', event: json },
  };
}

/** The whole answer of a server that did not stream although it was asked to. @throws as above, at once */
export function streamAnthropicAnswer(
  json: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): AsyncIterable<EventBatch> {
  const { id, model, backend, requestId, finishReason, rawReason, usage } = parseAnthropicAnswer(
    json,
    source,
    notices,
  );
  const parts: readonly StreamPart[] = [
    { type: 'start', id, model, backend, requestId },
    ...partsOf(json, source),
    { type: 'end', reason: finishReason, rawReason, usage },
  ];
  return only(new EventBatch([{ parts }]));
}

async function* only(batch: EventBatch): AsyncGenerator<EventBatch> {
  yield batch;
}

function partsOf(json: JsonObject, { backend, secrets }: StreamSource): readonly StreamPart[] {
  if (saysError(json)) throw upstreamErrorFault(backend, parseErrorField(json, secrets));
  const { content } = json;
  // Some servers have the text alone there.
  const blocks: unknown = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  if (!Array.isArray(blocks)) throw protocolFault(backend, 'answered without a message');
  let calls = 0;
  return blocks.filter(isJsonObject).flatMap((block): readonly StreamPart[] => {
    const parts = partsOfBlock(block, calls, true);
    if (parts.some(({ type }) => type === 'tool-call-delta')) calls += 1;
    return parts;
  });
}
