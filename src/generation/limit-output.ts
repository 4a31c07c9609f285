import type { Caller } from '../contract/caller.js';
import type { ChatRequest } from '../contract/chat-request.js';

/** `request`, asking for no more tokens than `caller` may let a model write. */
export function limitOutput(request: ChatRequest, { maxOutputTokens }: Caller): ChatRequest {
  if (maxOutputTokens === undefined) return request;
  const { maxTokens } = request.sampling;
  // Some servers take a negative number for "as many as you like".
  if (maxTokens !== undefined && maxTokens >= 0 && maxTokens <= maxOutputTokens) return request;
  return { ...request, sampling: { ...request.sampling, maxTokens: maxOutputTokens } };
}
