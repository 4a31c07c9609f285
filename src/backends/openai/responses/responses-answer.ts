import { randomUUID } from 'node:crypto';
import type { ChatAnswer } from '../../../contract/chat-answer.js';
import type { UpstreamNotices } from '../../../contract/chat-backend.js';
import { EventBatch } from '../../../contract/event-batch.js';
import { type JsonObject, stringOr } from '../../../contract/json.js';
import type { StreamPart } from '../../../contract/stream-event.js';
import { JoinedContent } from '../../shared/answer/joined-content.js';
import type { StreamSource } from '../../shared/connection/stream-source.js';
import { saysError } from '../../shared/errors/upstream-error.js';
import { protocolFault } from '../../shared/errors/upstream-fault.js';
import { endOf, failureOf } from './responses-end.js';
import { objectsIn, partsOfItem } from './responses-items.js';

/**
 * The JSON of a `response` as an answer.
 * @throws GatewayError what its `error` means, `upstream_cut` where it is not over,
 *   `upstream_protocol` when it is no response
 */
export function parseResponsesAnswer(
  json: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): ChatAnswer {
  const parts = partsOf(json, source);
  const content = JoinedContent.of(parts);
  const { reason, rawReason, usage } = endOf(json, content.toolCalls.length > 0, source, notices);
  return {
    id: stringOr(json['id'], '') || `resp_${randomUUID()}`,
    model: stringOr(json['model'], '') || source.model,
    backend: source.backend,
    requestId: source.requestId,
    ...content,
    finishReason: reason,
    rawReason,
    usage,
    native: { dialect: 'responses', event: json },
  };
}

/** The whole answer of a server that did not stream although it was asked to. @throws as above, at once */
export function streamResponsesAnswer(
  json: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): AsyncIterable<EventBatch> {
  const { id, model, backend, requestId, finishReason, rawReason, usage } = parseResponsesAnswer(
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

/** @throws GatewayError what its `error` means, `upstream_protocol` when it is no response */
function partsOf(json: JsonObject, source: StreamSource): readonly StreamPart[] {
  if (json['status'] === 'failed' || (json['error'] != null && saysError(json))) {
    throw failureOf(json['error'] ?? json, source);
  }
  if (!Array.isArray(json['output'])) {
    if (saysError(json)) throw failureOf(json, source);
    throw protocolFault(source.backend, 'answered without an output');
  }
  let calls = 0;
  return objectsIn(json['output']).flatMap((item) =>
    partsOfItem(item, item['type'] === 'function_call' ? calls++ : 0),
  );
}
