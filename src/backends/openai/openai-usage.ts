import { isJsonObject, type JsonObject, objectIn } from '../../contract/json.js';
import type { Usage } from '../../contract/stream-event.js';
import { parseTokenCounts } from '../shared/answer/token-count.js';

/**
 * What an event or an answer says of its tokens; Groq has it below `x_groq`.
 * @see https://platform.openai.com/docs/api-reference/chat/object `usage`
 * @param onImplausible called when a count cannot be true; it is left out
 */
export function parseOpenAiUsage(json: JsonObject, onImplausible: () => void): Usage | undefined {
  const usage = json['usage'] ?? objectIn(json, 'x_groq')['usage'];
  if (!isJsonObject(usage)) return undefined;
  const input = objectIn(usage, 'prompt_tokens_details');
  const { usage: counted, isPlausible } = parseTokenCounts({
    input: usage['prompt_tokens'],
    output: usage['completion_tokens'],
    cachedInput: input['cached_tokens'],
    // OpenRouter's; OpenAI bills no writes.
    cacheWrite: input['cache_write_tokens'],
    reasoning: objectIn(usage, 'completion_tokens_details')['reasoning_tokens'],
  });
  if (!isPlausible) onImplausible();
  return counted;
}
