import type { UpstreamNotices } from '../../../contract/chat-backend.js';
import { isJsonObject, objectIn } from '../../../contract/json.js';
import type { Usage } from '../../../contract/stream-event.js';
import { parseTokenCounts } from '../../shared/answer/token-count.js';

/**
 * The `usage` of a response. What cannot be true is left out, and somebody hears of it.
 * @see https://platform.openai.com/docs/api-reference/responses/object `usage`
 */
export function parseResponsesUsage(
  usage: unknown,
  notices: UpstreamNotices,
): { readonly usage: Usage | undefined; readonly isPlausible: boolean } {
  if (!isJsonObject(usage)) return { usage: undefined, isPlausible: true };
  const details = objectIn(usage, 'input_tokens_details');
  const read = parseTokenCounts({
    input: usage['input_tokens'],
    output: usage['output_tokens'],
    cachedInput: details['cached_tokens'],
    cacheWrite: details['cache_write_tokens'],
    reasoning: objectIn(usage, 'output_tokens_details')['reasoning_tokens'],
  });
  if (!read.isPlausible) notices.implausibleUsage();
  return read;
}
