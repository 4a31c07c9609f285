import type { ChatAnswer, ToolCall } from '../../../contract/chat-answer.js';
import type { JsonObject } from '../../../contract/json.js';
import { toolInputOf } from '../../../contract/tool-input.js';
import { toTextOfImage } from '../text-of-image.js';
import { stopFields, toAnthropicUsage } from './vocabulary.js';

/** A whole answer as a Message: the upstream's own JSON where it speaks the dialect. */
export function toMessage(answer: ChatAnswer): JsonObject {
  if (answer.native?.dialect === 'messages') return answer.native.event;
  const { finishReason, rawReason, refusal } = answer;
  return {
    id: answer.id,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content: contentOf(answer),
    ...stopFields(finishReason, rawReason, refusal !== undefined),
    container: null,
    usage: toAnthropicUsage(answer.usage),
  };
}

function contentOf(answer: ChatAnswer): readonly JsonObject[] {
  const { reasoning, reasoningSignature, text, refusal = '', images = [], toolCalls } = answer;
  const texts = [text + refusal, ...images.map(toTextOfImage)].filter((each) => each !== '');
  const { provider, data = '' } = reasoningSignature ?? {};
  const signature = provider === 'anthropic' ? data : '';
  return [
    ...(reasoning === undefined ? [] : [{ type: 'thinking', thinking: reasoning, signature }]),
    ...texts.map((each) => ({ type: 'text', text: each, citations: null })),
    ...toolCalls.map(toToolUse),
  ];
}

function toToolUse({ id, name, arguments: args }: ToolCall): JsonObject {
  return { type: 'tool_use', id, name, input: toolInputOf(args) };
}
