import type { ChatRequest } from '../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../contract/json.js';
import { forbiddenIn } from '../shared/request/bounds.js';
import { without } from '../shared/request/target-fields.js';

/** The body of a caller that speaks the dialect, within what its key may. */
export function ownBody(request: ChatRequest): JsonObject | undefined {
  const { native } = request;
  if (native?.dialect !== 'messages') return undefined;
  const body = without(forbiddenIn(native.body, request), native.body);
  return withOwnReasoning(withLimit(body, request));
}

/** The caller's own may be more than its key lets it have, or than is left of an answer that is continued. */
function withLimit(body: JsonObject, { sampling: { maxTokens } }: ChatRequest): JsonObject {
  const given = body['max_tokens'];
  if (maxTokens === undefined || (typeof given === 'number' && given <= maxTokens)) return body;
  return { ...body, max_tokens: maxTokens };
}

/**
 * Reasoning without a signature is another provider's, which we gave the caller with an empty one: to
 * Anthropic it is an error.
 */
function withOwnReasoning(body: JsonObject): JsonObject {
  const { messages } = body;
  if (!Array.isArray(messages) || !messages.some(hasForeignReasoning)) return body;
  return {
    ...body,
    messages: messages.flatMap((message: unknown) => {
      if (!hasForeignReasoning(message)) return [message];
      const content = message.content.filter((block) => !isForeignReasoning(block));
      return content.length > 0 ? [{ ...message, content }] : [];
    }),
  };
}

function hasForeignReasoning(
  message: unknown,
): message is JsonObject & { readonly content: readonly unknown[] } {
  return (
    isJsonObject(message) &&
    Array.isArray(message['content']) &&
    message['content'].some(isForeignReasoning)
  );
}

function isForeignReasoning(block: unknown): boolean {
  return isJsonObject(block) && block['type'] === 'thinking' && !block['signature'];
}
