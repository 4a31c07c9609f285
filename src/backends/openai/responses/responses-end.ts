import type { UpstreamNotices } from '../../../contract/chat-backend.js';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type { FinishReason, Usage } from '../../../contract/stream-event.js';
import { isImplausibleCount, parseTokenCount } from '../../shared/answer/token-count.js';
import { failedFinish, parseFinishReason } from '../../shared/answer/finish-reason.js';
import type { StreamSource } from '../../shared/connection/stream-source.js';
import { parseErrorField } from '../../shared/errors/upstream-error.js';
import { cutFault, upstreamErrorFault } from '../../shared/errors/upstream-fault.js';

export interface ResponseEnd {
  readonly reason: FinishReason;
  readonly rawReason: string;
  readonly usage: Usage | undefined;
}

/**
 * How a Response ended, by its status and not by the name of the event that brought it.
 * @throws GatewayError what its error means, `upstream_cut` where it says that it is not over
 */
export function endOf(
  response: JsonObject,
  hasCalls: boolean,
  source: StreamSource,
  notices: UpstreamNotices,
): ResponseEnd {
  const usage = parseResponsesUsage(response['usage'], notices);
  const status = stringOr(response['status'], 'completed');
  switch (status) {
    case 'completed':
      return { reason: hasCalls ? 'tool_calls' : 'stop', rawReason: status, usage };
    case 'incomplete': {
      const details = response['incomplete_details'];
      const word = stringOr(isJsonObject(details) ? details['reason'] : undefined, status);
      const failure = failedFinish(word, source.backend);
      if (failure) throw failure;
      return { reason: incompleteReason(word, notices), rawReason: word, usage };
    }
    case 'failed':
      throw failureOf(response['error'], source);
    default:
      throw cutFault(source.backend);
  }
}

/** What an upstream says is an error, as the fault that it means. */
export function failureOf(said: unknown, { backend, secrets, requestId }: StreamSource) {
  return upstreamErrorFault(backend, { ...parseErrorField(said, secrets), requestId });
}

function incompleteReason(word: string, notices: UpstreamNotices): FinishReason {
  const reason = word === 'max_output_tokens' ? 'length' : parseFinishReason(word);
  if (reason === 'length' || reason === 'content_filter') return reason;
  notices.unknownFinishReason(word);
  // Whatever it is: something is missing, and a reader has to hear of it.
  return 'length';
}

/** @see https://platform.openai.com/docs/api-reference/responses/object `usage` */
function parseResponsesUsage(usage: unknown, notices: UpstreamNotices): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const input = objectIn(usage, 'input_tokens_details');
  const counts = {
    input: usage['input_tokens'],
    output: usage['output_tokens'],
    cachedInput: input['cached_tokens'],
    cacheWrite: input['cache_write_tokens'],
    reasoning: objectIn(usage, 'output_tokens_details')['reasoning_tokens'],
  };
  if (Object.values(counts).some(isImplausibleCount)) notices.implausibleUsage();
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
