import type { ChatAnswer } from '../../../contract/chat-answer.js';
import type { JsonObject } from '../../../contract/json.js';
import { toOpenAiImage, toOpenAiFinishReason, toOpenAiUsage } from './vocabulary.js';

/** A whole answer as a Chat Completion: the upstream's own JSON where it speaks the dialect. */
export function toChatCompletion(answer: ChatAnswer): JsonObject {
  const usage = toOpenAiUsage(answer.usage);
  if (answer.native?.dialect === 'chat-completions') {
    const { event } = answer.native;
    // Its counts may stand where no client looks for them, or be none that can be true.
    const isCounted = answer.usage?.input !== undefined && answer.usage.output !== undefined;
    return isCounted && event['usage'] === undefined ? { ...event, usage } : event;
  }
  const { id, model, text, reasoning, refusal, images, toolCalls, finishReason } = answer;
  return {
    id,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && (toolCalls.length > 0 || refusal !== undefined) ? null : text,
          refusal: refusal ?? null,
          ...(reasoning !== undefined && { reasoning_content: reasoning }),
          ...(images && { images: images.map(toOpenAiImage) }),
          ...(toolCalls.length > 0 && {
            tool_calls: toolCalls.map(({ id: callId, name, arguments: args }) => ({
              id: callId,
              type: 'function',
              function: { name, arguments: args },
            })),
          }),
        },
        logprobs: null,
        finish_reason: toOpenAiFinishReason(finishReason),
      },
    ],
    ...(usage && { usage }),
  };
}
