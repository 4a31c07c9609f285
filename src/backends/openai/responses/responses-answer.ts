import { randomUUID } from 'node:crypto';
import type { ChatAnswer } from '../../../contract/chat-answer.js';
import type { UpstreamNotices } from '../../../contract/chat-backend.js';
import { EventBatch } from '../../../contract/event-batch.js';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type { FinishReason, StreamPart, Usage } from '../../../contract/stream-event.js';
import { JoinedContent } from '../../shared/answer/joined-content.js';
import type { StreamSource } from '../../shared/connection/stream-source.js';
import { parseErrorField, saysError } from '../../shared/errors/upstream-error.js';
import { protocolFault, upstreamErrorFault } from '../../shared/errors/upstream-fault.js';
import { mendedEnd } from './mended-end.js';
import { OutputItems } from './output-items.js';
import { isReadableItem } from './regular-events.js';
import { finishReasonOf, parseResponseEnd } from './responses-end.js';
import { parseResponsesUsage } from './responses-usage.js';

interface ReadResponse {
  readonly id: string;
  readonly model: string;
  readonly parts: readonly StreamPart[];
  readonly finishReason: FinishReason;
  readonly rawReason: string;
  readonly usage: Usage | undefined;
  /** Clients can read its JSON. */
  readonly isReadable: boolean;
  /** As a caller may have it. */
  readonly json: JsonObject;
}

/**
 * The JSON of a `response` as an answer. One without a status is whole because its JSON is.
 * @throws GatewayError what its `error` means, `upstream_protocol` where it is no response,
 *   `upstream_cut` where its status says that it was given up, or that it is still running
 */
export function parseResponse(
  json: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): ChatAnswer {
  const { backend, requestId } = source;
  const { json: event, isReadable, parts, ...read } = readResponse(json, source, notices);
  const content = JoinedContent.of(parts);
  if (!isReadable) refuseOpaque(parts, backend);
  const native = isReadable ? ({ dialect: 'responses', event } as const) : undefined;
  return { ...read, backend, requestId, ...content, native };
}

/** The whole answer of a server that did not stream although it was asked to. @throws as above, at once */
export function streamResponse(
  json: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): AsyncIterable<EventBatch> {
  const { backend, requestId } = source;
  const { id, model, parts, finishReason, rawReason, usage } = readResponse(json, source, notices);
  refuseOpaque(parts, backend);
  return only(
    new EventBatch([
      {
        parts: [
          { type: 'start', id, model, backend, requestId },
          ...parts,
          { type: 'end', reason: finishReason, rawReason, usage },
        ],
      },
    ]),
  );
}

/** What is built anew has none of it. @throws GatewayError `upstream_protocol` */
function refuseOpaque(parts: readonly StreamPart[], backend: string): void {
  if (!parts.some(({ type }) => type === 'opaque')) return;
  throw protocolFault(backend, 'answered whole what only its own events can show');
}

/** Clients look for text in nothing else. */
function asResponse(json: JsonObject): JsonObject {
  return json['object'] === 'response' ? json : { ...json, object: 'response' };
}

async function* only(batch: EventBatch): AsyncGenerator<EventBatch> {
  yield batch;
}

function readResponse(
  json: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): ReadResponse {
  const { backend, secrets } = source;
  const { status, output } = json;
  const isResponse = typeof status === 'string' && Array.isArray(output);
  if (!isResponse && saysError(json)) {
    throw upstreamErrorFault(backend, parseErrorField(json, secrets));
  }
  const said = parseResponseEnd([status], json, source, notices);
  if (!Array.isArray(output)) throw protocolFault(backend, 'answered without a response');

  const items = new OutputItems(backend);
  const parts = output
    .filter(isJsonObject)
    .flatMap((item, n) => items.done({ output_index: n, item }, 0));
  const { usage, isPlausible } = parseResponsesUsage(json['usage'], notices);
  const finishReason = finishReasonOf(said, items);
  const id = stringOr(json['id'], '') || `resp_${randomUUID().replaceAll('-', '')}`;
  const mended = mendedEnd(`response.${stringOr(status, '')}`, json, finishReason, {
    id,
    output: undefined,
    rawReason: said.rawReason,
    isMiscounted: !isPlausible,
  });
  return {
    id,
    model: stringOr(json['model'], '') || source.model,
    parts,
    finishReason,
    rawReason: said.rawReason,
    usage,
    isReadable: output.every(isReadableItem),
    json: asResponse(mended?.response ?? json),
  };
}
