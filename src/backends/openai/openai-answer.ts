import { randomUUID } from 'node:crypto';
import type { ChatAnswer, ToolCall } from '../../contract/chat-answer.js';
import { isJsonObject, type JsonObject, stringOr } from '../../contract/json.js';
import type { StreamSource } from '../shared/stream-source.js';
import { complaintIn, isComplaint } from '../shared/upstream-complaint.js';
import { complaintFault, protocolFault } from '../shared/upstream-fault.js';
import { finishReasonOf, usageOf } from './openai-fields.js';

/**
 * The JSON of a `chat.completion` as an answer.
 * @throws GatewayError `upstream_protocol` when it holds no message, or what its `error` means
 */
export function answerOf(json: JsonObject, source: StreamSource): ChatAnswer {
  const { backend } = source;
  if (isComplaint(json)) throw complaintFault(backend, complaintIn(json, source.secrets));
  const choices = json['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  if (!isJsonObject(choice) || !isJsonObject(choice['message'])) {
    throw protocolFault(backend, 'answered without a message');
  }
  const rawReason = stringOr(choice['finish_reason'], '');
  const { message } = choice as { message: JsonObject };
  const reasoning =
    stringOr(message['reasoning_content'], '') || stringOr(message['reasoning'], '');
  const usage = usageOf(json['usage']);
  return {
    id: stringOr(json['id'], '') || `chatcmpl-${randomUUID()}`,
    model: stringOr(json['model'], '') || source.model,
    backend,
    ...(source.requestId && { requestId: source.requestId }),
    text: stringOr(message['content'], ''),
    ...(reasoning && { reasoning }),
    toolCalls: toolCallsOf(message['tool_calls']),
    finishReason: finishReasonOf(rawReason),
    ...(rawReason && { rawReason }),
    ...(usage && { usage }),
    wire: { dialect: 'openai', event: json },
  };
}

/**
 * A whole answer as the one event of a stream, for a server that did not stream although it was asked to.
 * @throws GatewayError as `answerOf`
 */
export function eventOf(json: JsonObject, source: StreamSource): JsonObject {
  answerOf(json, source);
  const choices = json['choices'] as readonly unknown[];
  return {
    ...json,
    object: 'chat.completion.chunk',
    choices: choices.filter(isJsonObject).map(({ message, ...choice }) => ({
      ...choice,
      delta: deltaOf(message),
      finish_reason: choice['finish_reason'] ?? 'stop',
    })),
  };
}

/** Only within a stream calls have an index. */
function deltaOf(message: unknown): unknown {
  if (!isJsonObject(message) || !Array.isArray(message['tool_calls'])) return message;
  const calls = message['tool_calls'] as readonly unknown[];
  const indexed = calls.map((call, index) => (isJsonObject(call) ? { index, ...call } : call));
  return { ...message, tool_calls: indexed };
}

function toolCallsOf(calls: unknown): ToolCall[] {
  if (!Array.isArray(calls)) return [];
  return (calls as unknown[]).filter(isJsonObject).map((call) => {
    const fn = isJsonObject(call['function']) ? call['function'] : {};
    return {
      id: stringOr(call['id'], ''),
      name: stringOr(fn['name'], ''),
      arguments: stringOr(fn['arguments'], ''),
    };
  });
}
