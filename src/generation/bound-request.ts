import type { Caller } from '../contract/caller.js';
import type { ChatRequest } from '../contract/chat-request.js';

/** `request`, asking for no more tokens and no other models than `caller` may have. */
export function boundRequest(request: ChatRequest, caller: Caller): ChatRequest {
  const { maxOutputTokens, isLimitedToModels } = caller;
  const bounded = isLimitedToModels ? { ...request, isBoundToModel: true } : request;
  if (maxOutputTokens === undefined) return bounded;
  const { maxTokens } = request.sampling;
  // Some servers take a negative number, or 0, for "as many as you like".
  const isWithin = maxTokens !== undefined && maxTokens > 0 && maxTokens <= maxOutputTokens;
  const sampling = { ...request.sampling, maxTokens: isWithin ? maxTokens : maxOutputTokens };
  return { ...bounded, sampling, isOutputBound: true };
}
