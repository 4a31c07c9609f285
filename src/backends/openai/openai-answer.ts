import { randomUUID } from 'node:crypto';
import type { ChatAnswer, ToolCall } from '../../contract/chat-answer.js';
import type { UpstreamNotices } from '../../contract/chat-backend.js';
import { isJsonObject, type JsonObject, stringOr } from '../../contract/json.js';
import type { Usage } from '../../contract/stream-chunk.js';
import { failedFinish, finishReasonOf, finishWordIn } from '../shared/finish-reason.js';
import type { StreamSource } from '../shared/stream-source.js';
import { complaintIn } from '../shared/upstream-complaint.js';
import { complaintFault, protocolFault } from '../shared/upstream-fault.js';
import { answerChoiceIn, complaintOn, piecesOf, withoutEmptyError } from './openai-choice.js';
import { ToolCallReader } from './openai-tool-calls.js';
import { usageIn } from './openai-usage.js';

/**
 * The JSON of a `chat.completion` as an answer.
 * @throws GatewayError `upstream_protocol` when it holds no message, `upstream_cut` when its finish
 *   reason is a failure, or what its `error` means
 */
export function answerOf(
  json: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): ChatAnswer {
  const { backend } = source;
  const choice = answerChoiceIn(json);
  const complaint = complaintOn(json, choice);
  if (complaint) throw complaintFault(backend, complaintIn(complaint, source.secrets));
  if (!choice || !isJsonObject(choice['message'])) {
    throw protocolFault(backend, 'answered without a message');
  }
  const word = finishWordIn(choice['finish_reason']) ?? '';
  const failure = failedFinish(word, backend);
  if (failure) throw failure;
  const reason = finishReasonOf(word);
  if (reason === 'other' && word !== '') notices.unknownFinishReason(word);

  const { message } = choice as { message: JsonObject };
  const { chunks, readable = message } = piecesOf(message, new ToolCallReader());
  const textOf = (type: 'text-delta' | 'reasoning-delta') =>
    chunks.map((chunk) => (chunk.type === type ? chunk.text : '')).join('');
  const reasoning = textOf('reasoning-delta');
  const toolCalls = toolCallsOf(readable['tool_calls']);
  let isPlausible = true;
  const usage = usageIn(json, () => {
    isPlausible = false;
    notices.implausibleUsage();
  });
  const finish = reason === 'other' ? choice['finish_reason'] : reason;
  const isReadable = readable === message && finish === choice['finish_reason'];
  const choices = isReadable
    ? json['choices']
    : [{ ...choice, message: readable, finish_reason: finish }];
  return {
    id: stringOr(json['id'], '') || `chatcmpl-${randomUUID()}`,
    model: stringOr(json['model'], '') || source.model,
    backend,
    ...(source.requestId && { requestId: source.requestId }),
    text: textOf('text-delta'),
    ...(reasoning && { reasoning }),
    toolCalls,
    finishReason: reason === 'stop' && toolCalls.length > 0 ? 'tool_calls' : reason,
    ...(word && { rawReason: word }),
    ...(usage && { usage }),
    wire: {
      dialect: 'openai',
      event: {
        ...withoutEmptyError(json),
        choices,
        ...(isPlausible ? {} : { usage: openAiUsageOf(usage) }),
      },
    },
  };
}

/** Counts that cannot be true are not passed on; without the two that every client reads there are none. */
function openAiUsageOf({ input, output }: Usage = {}): JsonObject | undefined {
  if (input === undefined || output === undefined) return undefined;
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
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
