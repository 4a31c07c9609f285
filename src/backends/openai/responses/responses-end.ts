import type { UpstreamNotices } from '../../../contract/chat-backend.js';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type { FinishReason } from '../../../contract/stream-event.js';
import { failedFinish, parseFinishReason } from '../../shared/answer/finish-reason.js';
import type { StreamSource } from '../../shared/connection/stream-source.js';
import { parseErrorField, saysError } from '../../shared/errors/upstream-error.js';
import { withoutKeys } from '../../shared/errors/upstream-secrets.js';
import { cutFault, upstreamErrorFault } from '../../shared/errors/upstream-fault.js';
import type { OutputItems } from './output-items.js';

/** How a response ended. */
export interface ResponseEnd {
  readonly reason: FinishReason;
  readonly rawReason: string;
  /** It has as many tokens as it may, from a server that has no word for that. */
  readonly isAtLimit?: boolean | undefined;
}

/** It ran when this was said, and nobody will say how it ended. */
const RUNNING = new Set<unknown>(['in_progress', 'queued']);

/** OpenAI's own for what is not whole; clients know no others, so what has no equal is as good as a limit. */
const KNOWN: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: 'length',
  max_messages: 'length',
  steered: 'length',
  incomplete: 'length',
};

/**
 * What the last event, or a whole answer, says of its end. Where the event's name and the status of
 * its response differ, the worse of them is believed.
 * @param words the name of the event (`completed`, …), where it was one, and the status
 * @throws GatewayError what the error of a failed response means, `upstream_cut` where it was given up
 */
export function parseResponseEnd(
  words: readonly unknown[],
  response: JsonObject,
  source: StreamSource,
  notices: UpstreamNotices,
): ResponseEnd {
  const { error, incomplete_details: details } = response;
  if (saysError({ error }) || words.includes('failed')) throw failureOf(error, source);
  const { backend, secrets } = source;
  for (const word of words) {
    const failure = failedFinish(stringOr(word, ''), backend);
    if (failure) throw failure;
    if (RUNNING.has(word)) throw cutFault(backend);
  }
  const said = isJsonObject(details) ? stringOr(details['reason'], '') : '';
  if (!words.includes('incomplete') && said === '') {
    return { reason: 'stop', rawReason: 'completed', isAtLimit: hasAllTokens(response, source) };
  }

  const rawReason = wordIn(said, secrets);
  const failure = failedFinish(rawReason, backend);
  if (failure) throw failure;
  if (Object.hasOwn(KNOWN, rawReason)) return { reason: KNOWN[rawReason]!, rawReason };
  const reason = parseFinishReason(rawReason);
  if (reason === 'length' || reason === 'content_filter') return { reason, rawReason };
  notices.unknownFinishReason(rawReason);
  return { reason: 'length', rawReason };
}

/**
 * Why the model stopped. Servers call complete what breaks off within the arguments of a call, what has
 * an item that is not whole, and what their limit ended: that is no stop.
 */
export function finishReasonOf(
  { reason, isAtLimit }: ResponseEnd,
  { areCutOff, hasCalls }: OutputItems,
): FinishReason {
  if (reason !== 'stop') return reason;
  if (areCutOff || (isAtLimit && !hasCalls)) return 'length';
  return hasCalls ? 'tool_calls' : 'stop';
}

/** A sentence may quote the request, or our key, and is none. */
function wordIn(said: unknown, secrets: readonly string[]): string {
  const word = typeof said === 'string' ? withoutKeys(secrets, said) : '';
  return /^[\w.:/-]{1,64}$/.test(word) ? word : 'incomplete';
}

/** llama.cpp calls every answer complete, and knows no `incomplete_details`. */
function hasAllTokens({ usage, ...response }: JsonObject, { maxTokens }: StreamSource): boolean {
  if (maxTokens === undefined || 'incomplete_details' in response) return false;
  const count = isJsonObject(usage) ? usage['output_tokens'] : undefined;
  return typeof count === 'number' && count >= maxTokens;
}

function failureOf(error: unknown, { backend, secrets, requestId }: StreamSource): Error {
  if (error == null) return failedFinish('failed', backend) ?? cutFault(backend);
  return upstreamErrorFault(backend, { ...parseErrorField({ error }, secrets), requestId });
}
