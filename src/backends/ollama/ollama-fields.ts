import { randomUUID } from 'node:crypto';
import type { ToolCall } from '../../contract/chat-answer.js';
import type { UpstreamNotices } from '../../contract/chat-backend.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import { isFilledObject, isJsonObject, type JsonObject, stringOr } from '../../contract/json.js';
import type { FinishReason, StreamPart, Usage } from '../../contract/stream-event.js';
import { parseContentParts } from '../shared/answer/content-parts.js';
import { failedFinish, parseFinishReason, finishWordIn } from '../shared/answer/finish-reason.js';
import { isImplausibleCount, parseTokenCount } from '../shared/answer/token-count.js';
import { argumentsTextOf } from '../shared/answer/tool-arguments.js';

/** The pieces of an answer in one `message`. @param firstCall how many tool calls came before */
export function parseOllamaMessage(message: JsonObject, firstCall: number): StreamPart[] {
  const parts: StreamPart[] = [];
  const thinking = stringOr(message['thinking'], '');
  if (thinking) parts.push({ type: 'reasoning-delta', text: thinking });
  for (const part of parseContentParts(message['content'])) parts.push(part);
  for (const url of imagesIn(message)) parts.push({ type: 'image-delta', url });
  for (const [n, call] of parseOllamaToolCalls(message).entries()) {
    parts.push({ type: 'tool-call-delta', index: firstCall + n, ...call });
  }
  return parts;
}

/** Ollama's tool calls come whole, mostly with an object for arguments and often without an id. */
function parseOllamaToolCalls(message: JsonObject): ToolCall[] {
  const calls = [message['tool_calls'] ?? []].flat() as unknown[];
  return calls.filter(isFilledObject).map((call) => {
    const fn = isJsonObject(call['function']) ? call['function'] : {};
    return {
      id: stringOr(call['id'], '') || `call_${randomUUID()}`,
      name: stringOr(fn['name'], ''),
      arguments: argumentsTextOf(fn['arguments'] ?? {}),
    };
  });
}

/** The first characters of an image in base64, by its type. */
const IMAGE_TYPES: readonly (readonly [string, string])[] = [
  ['iVBOR', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lG', 'image/gif'],
  ['UklGR', 'image/webp'],
];

/** Images in a message, which Ollama sends as bare base64, as `data:` URLs. */
function imagesIn(message: JsonObject): string[] {
  const { images } = message;
  if (!Array.isArray(images)) return [];
  return (images as unknown[])
    .filter((image) => typeof image === 'string' && image !== '')
    .map((image) => `data:${typeOf(image as string)};base64,${image as string}`);
}

function typeOf(image: string): string {
  const known = IMAGE_TYPES.find(([beginning]) => image.startsWith(beginning));
  return known ? known[1] : 'image/png';
}

/** Why the answer ended. Ollama says "stop" also when it stopped to have tools called. */
export function parseOllamaFinish(
  line: JsonObject,
  calledTools: boolean,
  notices: UpstreamNotices,
): { readonly reason: FinishReason; readonly rawReason: string } {
  const rawReason = doneReasonOf(line);
  const reason = parseFinishReason(rawReason);
  if (reason === 'other') notices.unknownFinishReason(rawReason);
  return { reason: reason === 'stop' && calledTools ? 'tool_calls' : reason, rawReason };
}

/** The `upstream_cut` that a last line means whose reason says that there is no answer. */
export function parseOllamaFailure(line: JsonObject, backend: string): GatewayError | undefined {
  return failedFinish(doneReasonOf(line), backend);
}

function doneReasonOf(line: JsonObject): string {
  return finishWordIn(line['done_reason']) ?? 'stop';
}

/** `prompt_eval_count` is missing when the prompt came from Ollama's cache: unknown, not 0. */
export function parseOllamaUsage(line: JsonObject, notices: UpstreamNotices): Usage {
  const { prompt_eval_count: input, eval_count: output } = line;
  if (isImplausibleCount(input) || isImplausibleCount(output)) notices.implausibleUsage();
  return { input: parseTokenCount(input), output: parseTokenCount(output) };
}
