import { randomUUID } from 'node:crypto';
import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { UpstreamNotices } from '../../contract/chat-backend.js';
import { isJsonObject, type JsonObject } from '../../contract/json.js';
import { JoinedContent } from '../shared/answer/joined-content.js';
import type { StreamSource } from '../shared/connection/stream-source.js';
import { parseErrorField, saysError } from '../shared/errors/upstream-error.js';
import { cutFault, protocolFault, upstreamErrorFault } from '../shared/errors/upstream-fault.js';
import {
  parseOllamaFailure,
  parseOllamaFinish,
  parseOllamaMessage,
  parseOllamaUsage,
} from './ollama-fields.js';

/**
 * The JSON of a plain `/api/chat` as an answer.
 * @throws GatewayError what its `error` means, `upstream_protocol`, `upstream_cut` where it is not done
 */
export function parseOllamaAnswer(
  json: JsonObject,
  { backend, model, requestId, secrets }: StreamSource,
  notices: UpstreamNotices,
): ChatAnswer {
  if (saysError(json)) throw upstreamErrorFault(backend, parseErrorField(json, secrets));
  const { message } = json;
  if (!isJsonObject(message)) throw protocolFault(backend, 'answered without a message');
  // A line of a stream is JSON as well.
  if (json['done'] !== true) throw cutFault(backend);
  const failure = parseOllamaFailure(json, backend);
  if (failure) throw failure;
  const content = JoinedContent.of(parseOllamaMessage(message, 0));
  const { reason, rawReason } = parseOllamaFinish(json, content.toolCalls.length > 0, notices);
  return {
    id: `chatcmpl-${randomUUID()}`,
    model,
    backend,
    requestId,
    ...content,
    finishReason: reason,
    rawReason,
    usage: parseOllamaUsage(json, notices),
  };
}
