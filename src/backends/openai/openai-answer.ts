import { randomUUID } from 'node:crypto';
import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { UpstreamNotices } from '../../contract/chat-backend.js';
import { isJsonObject, type JsonObject, stringOr } from '../../contract/json.js';
import {
  failedFinish,
  parseFinishReason,
  finishWordIn,
  toOpenAiFinishWord,
} from '../shared/answer/finish-reason.js';
import { JoinedContent } from '../shared/answer/joined-content.js';
import type { StreamSource } from '../shared/connection/stream-source.js';
import { parseErrorField } from '../shared/errors/upstream-error.js';
import { upstreamErrorFault, protocolFault } from '../shared/errors/upstream-fault.js';
import { parseAnswerChoice, choiceError, parseDelta, withoutEmptyError } from './openai-choice.js';
import { ToolCallReader } from './openai-tool-calls.js';
import { parseOpenAiUsage } from './openai-usage.js';

/**
 * The JSON of a `chat.completion` as an answer. It is whole because its JSON is: one without a
 * finish reason stopped.
 * @throws GatewayError `upstream_protocol` when it holds no message, `upstream_cut` when its finish
 *   reason is a failure, or what its `error` means
 */
export function parseOpenAiAnswer(
  json: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): ChatAnswer {
  const { backend, requestId } = source;
  const { choice, message } = answerIn(json, source);
  const word = finishWordIn(choice['finish_reason']) ?? 'stop';
  const failure = failedFinish(word, backend);
  if (failure) throw failure;
  const reason = parseFinishReason(word);
  if (reason === 'other') notices.unknownFinishReason(word);

  const { parts, readable = message } = parseDelta(message, new ToolCallReader(backend));
  const content = JoinedContent.of(parts);
  let isPlausible = true;
  const usage = parseOpenAiUsage(json, () => {
    isPlausible = false;
    notices.implausibleUsage();
  });
  const given = choice['finish_reason'];
  const saidReason = given == null ? given : toOpenAiFinishWord(word);
  const isReadable = readable === message && saidReason === given;
  const choices = isReadable
    ? json['choices']
    : [{ ...choice, message: readable, finish_reason: saidReason }];
  // Counts that cannot be true are not passed on; those that can are written from `usage`.
  const { usage: _, ...uncounted } = json;
  const event = { ...withoutEmptyError(isPlausible ? json : uncounted), choices };
  return {
    id: stringOr(json['id'], '') || `chatcmpl-${randomUUID()}`,
    model: stringOr(json['model'], '') || source.model,
    backend,
    requestId,
    ...content,
    finishReason: reason === 'stop' && content.toolCalls.length > 0 ? 'tool_calls' : reason,
    rawReason: word,
    usage,
    native: { dialect: 'chat-completions', event },
  };
}

/**
 * The choice that is the answer.
 * @throws GatewayError `upstream_protocol` when there is none, or what its `error` means
 */
export function answerIn(
  json: JsonObject,
  { backend, secrets }: StreamSource,
): { readonly choice: JsonObject; readonly message: JsonObject } {
  const choice = parseAnswerChoice(json);
  const failed = choiceError(json, choice);
  if (failed) throw upstreamErrorFault(backend, parseErrorField(failed, secrets));
  const { message, text, delta } = choice ?? {};
  const said = message ?? delta ?? text;
  if (!choice || said == null) {
    throw protocolFault(backend, 'answered without a message');
  }
  return { choice, message: isJsonObject(said) ? said : { content: said } };
}
