import type { Fit, Target } from '../../contract/chat-backend.js';
import type { ChatRequest, ResponseFormat, Tool, ToolChoice } from '../../contract/chat-request.js';
import { defined, type JsonObject } from '../../contract/json.js';
import { withPrefill } from '../shared/answer/with-prefill.js';
import { bounded, forbiddenIn } from '../shared/request/bounds.js';
import { findPart } from '../shared/request/find-part.js';
import { renamed, without } from '../shared/request/target-fields.js';
import { canBeSent, systemBlocks, toAnthropicMessages } from './anthropic-messages.js';
import { ownBody } from './anthropic-native.js';

/** Anthropic wants a limit; this is what Claude's smallest models may write. */
const DEFAULT_MAX_TOKENS = 8192;

/** From this version on they are refused, whatever they say. */
const VERSION_WITHOUT_SAMPLING = '2026-10-21';

/**
 * The body of `POST /v1/messages`: the caller's own where it speaks the dialect, else made from the
 * neutral request.
 * @see https://platform.claude.com/docs/en/api/messages
 */
export function toAnthropicBody(
  request: ChatRequest,
  target: Target,
  stream: boolean,
  version: string,
): JsonObject {
  const { drop = [], rename = {}, set } = target;
  const body = ownBody(request) ?? neutralBody(request, target, version);
  const { prefill, isOutputBound, sampling } = request;
  const fields = renamed(without(drop, withBeginning(body, prefill)), rename);
  const bound = isOutputBound ? sampling.maxTokens : undefined;
  const limits = ['max_tokens', rename['max_tokens'] ?? 'max_tokens'];
  return {
    ...(bound === undefined ? fields : bounded(fields, bound, limits)),
    ...set,
    model: target.model,
    stream,
  };
}

/** The same for `POST /v1/messages/count_tokens`, which takes no limit and no sampling. */
export function toCountBody(request: ChatRequest, target: Target, version: string): JsonObject {
  const body = toAnthropicBody(request, target, false, version);
  return without(['stream', 'max_tokens', 'temperature', 'top_p', 'stop_sequences'], body);
}

/** What of the request Anthropic cannot do, and what it would leave out. */
export function fitOf(request: ChatRequest, target: Target, version: string): Fit {
  const { drop = [], set = {}, backend } = target;
  const unsupported = (param: string, why: string): Fit['unsupported'] => ({
    param,
    message: `${why} (backend "${backend}", Anthropic).`,
  });
  const own = ownBody(request);
  const body = own ?? neutralBody(request, target, version);
  const dropped = [
    ...(own && request.native ? forbiddenIn(request.native.body, request) : []),
    ...drop.filter((name) => body[name] != null),
  ];
  if (request.isOutputBound && drop.includes('max_tokens') && set['max_tokens'] == null) {
    const message = `Your key bounds what a model may write, and backend "${backend}" takes no limit.`;
    return { ignored: dropped, unsupported: { param: 'max_tokens', message } };
  }
  if (own) return { ignored: dropped };
  const ignored = [...(request.unmodelled?.hints ?? []), ...leftOut(request, body), ...dropped];
  const [shape] = request.unmodelled?.shape ?? [];
  if (shape !== undefined) {
    return { ignored, unsupported: unsupported(shape, `"${shape}" cannot be honoured here`) };
  }
  if (request.responseFormat?.type === 'json') {
    const why = 'JSON of no schema cannot be asked for here';
    return { ignored, unsupported: unsupported('response_format', why) };
  }
  const found = findPart(request.messages, (part) => !canBeSent(part));
  if (!found) return { ignored };
  const { param } = found;
  return { ignored, unsupported: unsupported(param, `${param} cannot be sent here`) };
}

function withBeginning(body: JsonObject, prefill: string | undefined): JsonObject {
  const messages = body['messages'];
  if (prefill === undefined || !Array.isArray(messages)) return body;
  return { ...body, messages: withPrefill(messages, prefill) };
}

function neutralBody(request: ChatRequest, { maxTokens }: Target, version: string): JsonObject {
  const { sampling, tools, toolChoice, responseFormat } = request;
  const system = systemBlocks(request.messages);
  const effort = effortOf(request);
  const thinks = effort !== undefined && !isForced(toolChoice);
  // With `thinking` any other temperature is refused.
  const isSampled = version < VERSION_WITHOUT_SAMPLING && !thinks;
  return defined({
    max_tokens: sampling.maxTokens ?? maxTokens ?? DEFAULT_MAX_TOKENS,
    system: system.length > 0 ? system : undefined,
    messages: toAnthropicMessages(request.messages),
    tools: tools?.map(toAnthropicTool),
    tool_choice: toolChoice && toAnthropicToolChoice(toolChoice),
    output_config: outputConfig(effort, responseFormat),
    thinking: thinks ? { type: 'adaptive' } : undefined,
    temperature: isSampled ? sampling.temperature : undefined,
    top_p: isSampled ? sampling.topP : undefined,
    // One of blanks alone is refused.
    stop_sequences: sampling.stop?.filter((text) => text.trim() !== ''),
  });
}

/** What was asked for and is not in the body, by the names that OpenAI has for it. */
function leftOut({ sampling, reasoningEffort }: ChatRequest, body: JsonObject): readonly string[] {
  const asked: JsonObject = defined({
    temperature: body['temperature'] === undefined ? sampling.temperature : undefined,
    top_p: body['top_p'] === undefined ? sampling.topP : undefined,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    reasoning_effort: effortOf({ reasoningEffort }) === undefined ? reasoningEffort : undefined,
  });
  return Object.keys(asked);
}

const EFFORTS: Readonly<Record<string, string>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'xhigh',
  max: 'max',
};

function effortOf({
  reasoningEffort = '',
}: Pick<ChatRequest, 'reasoningEffort'>): string | undefined {
  return Object.hasOwn(EFFORTS, reasoningEffort) ? EFFORTS[reasoningEffort] : undefined;
}

function outputConfig(
  effort: string | undefined,
  format: ResponseFormat | undefined,
): JsonObject | undefined {
  const schema = format?.type === 'json-schema' ? format.schema : undefined;
  if (effort === undefined && schema === undefined) return undefined;
  return defined({ effort, format: schema && { type: 'json_schema', schema } });
}

function toAnthropicTool({ name, description, parameters, strict }: Tool): JsonObject {
  // A schema without a type is refused.
  return defined({
    name,
    description,
    input_schema: { type: 'object', ...parameters },
    strict,
  });
}

/** Refused together with `thinking`. */
function isForced(choice: ToolChoice | undefined): boolean {
  return choice === 'required' || typeof choice === 'object';
}

function toAnthropicToolChoice(choice: ToolChoice): JsonObject {
  if (typeof choice === 'object') return { type: 'tool', name: choice.name };
  return { type: choice === 'required' ? 'any' : choice };
}
