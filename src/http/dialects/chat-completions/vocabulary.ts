import type { JsonObject } from '../../../contract/json.js';
import type { FinishReason, Usage } from '../../../contract/stream-event.js';

/** OpenAI has no word for an image in an answer; this is OpenRouter's. */
export function toOpenAiImage(url: string): JsonObject {
  return { type: 'image_url', image_url: { url } };
}

/** OpenAI's clients know a closed set of reasons. */
export function toOpenAiFinishReason(reason: FinishReason): string {
  return reason === 'other' ? 'stop' : reason;
}

/**
 * Nothing where the upstream counted nothing: a made-up 0 would be billed as one. Where it counted
 * one of the two, OpenAI's clients take all three for granted.
 */
export function toOpenAiUsage(usage: Usage | undefined): JsonObject | undefined {
  const { input, output, cachedInput, reasoning } = usage ?? {};
  if (input === undefined && output === undefined) return undefined;
  return {
    prompt_tokens: input ?? 0,
    completion_tokens: output ?? 0,
    total_tokens: (input ?? 0) + (output ?? 0),
    ...(cachedInput !== undefined && { prompt_tokens_details: { cached_tokens: cachedInput } }),
    ...(reasoning !== undefined && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}
