import { isJsonObject, type JsonObject } from '../../contract/json.js';
import type { Usage } from '../../contract/stream-event.js';
import { isImplausibleCount, parseTokenCount } from '../shared/answer/token-count.js';

/**
 * What an event or an answer says of its tokens; Groq has it below `x_groq`.
 * @see https://platform.openai.com/docs/api-reference/chat/object `usage`
 * @param onImplausible called when a count cannot be true; it is left out
 */
export function parseOpenAiUsage(json: JsonObject, onImplausible: () => void): Usage | undefined {
  const usage = json['usage'] ?? objectIn(json, 'x_groq')['usage'];
  if (!isJsonObject(usage)) return undefined;
  const input = objectIn(usage, 'prompt_tokens_details');
  const counts = {
    input: usage['prompt_tokens'],
    output: usage['completion_tokens'],
    cachedInput: input['cached_tokens'],
    // OpenRouter's; OpenAI bills no writes.
    cacheWrite: input['cache_write_tokens'],
    reasoning: objectIn(usage, 'completion_tokens_details')['reasoning_tokens'],
  };
  if (Object.values(counts).some(isImplausibleCount)) onImplausible();
  return {
    input: parseTokenCount(counts.input),
    output: parseTokenCount(counts.output),
    cachedInput: parseTokenCount(counts.cachedInput),
    cacheWrite: parseTokenCount(counts.cacheWrite),
    reasoning: parseTokenCount(counts.reasoning),
  };
}

function objectIn(json: JsonObject, name: string): JsonObject {
  const value = json[name];
  return isJsonObject(value) ? value : {};
}
