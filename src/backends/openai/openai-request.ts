import type OpenAI from 'openai';
import type { Fit, Target } from '../../contract/chat-backend.js';
import type {
  ChatRequest,
  ContentPart,
  Message,
  MessagePart,
  ResponseFormat,
  ToolChoice,
} from '../../contract/chat-request.js';
import { splitResults } from '../shared/request/split-results.js';
import { findPart } from '../shared/request/find-part.js';
import { defined, isJsonObject, type JsonObject } from '../../contract/json.js';
import { withPrefill } from '../shared/answer/with-prefill.js';
import { canBound, forbiddenIn, LIMITS } from '../shared/request/bounds.js';
import { without } from '../shared/request/target-fields.js';
import { inDialectOf } from './openai-fields-sent.js';

type Body = OpenAI.ChatCompletionCreateParams;

/** What of the protocol a server is asked in, as far as not all servers know it. */
export interface Wording {
  /** Have the upstream end its stream with a usage event. */
  readonly asksUsage: boolean;
  /** `max_tokens` is `max_completion_tokens` there. */
  readonly renamesLimit: boolean;
}

/** The body of a plain request: the caller's own when it spoke this dialect, else made from the neutral request. */
export function requestBody(request: ChatRequest, target: Target, wording: Wording): Body {
  return bodyWith(request, target, { stream: false }, wording);
}

/** The body of a streamed request. */
export function streamedRequestBody(request: ChatRequest, target: Target, wording: Wording): Body {
  const wished = nativeBody(request)?.['stream_options'];
  const stream = {
    stream: true,
    // `undefined` leaves the field out of the JSON.
    stream_options: wording.asksUsage
      ? { ...(isJsonObject(wished) && wished), include_usage: true }
      : undefined,
  };
  return bodyWith(request, target, stream, wording);
}

function bodyWith(
  request: ChatRequest,
  target: Target,
  stream: JsonObject,
  { renamesLimit }: Wording,
): Body {
  const said = bodyWithLimit(bodyWithPrefill(neutralBody(request), request), request);
  const body = { ...said, ...stream };
  // The one place where a caller's JSON becomes the package's type: the upstream judges it, not we.
  const bound = request.isOutputBound ? request.sampling.maxTokens : undefined;
  return {
    ...inDialectOf(target, body, renamesLimit, bound),
    model: target.model,
  } as unknown as Body;
}

/** The body before a target's own dialect: the caller's own where it spoke this dialect. */
function neutralBody(request: ChatRequest): JsonObject {
  const native = nativeBody(request);
  return native ? without(forbiddenIn(native, request), native) : toOpenAiBody(request);
}

/**
 * Whatever a caller of this dialect can say, it can be said to this upstream, which judges by itself.
 * Of another dialect's request it gets what the neutral one carries.
 */
export function fitOf(request: ChatRequest, target: Target): Fit {
  const native = nativeBody(request);
  const dropped = [
    ...(native ? forbiddenIn(native, request) : []),
    ...droppedFields(request, target),
  ];
  if (request.isOutputBound && !canBound(target)) {
    const message = `Your key bounds what a model may write, and backend "${target.backend}" takes no limit.`;
    return { ignored: dropped, unsupported: { param: 'max_tokens', message } };
  }
  if (native || !request.unmodelled) return { ignored: dropped };
  const { hints, shape } = request.unmodelled;
  const ignored = [...hints, ...dropped];
  const param = shape[0] ?? findPart(request.messages, ({ type }) => type === 'opaque')?.param;
  if (param === undefined) return { ignored };
  const message = `"${param}" cannot be honoured here (backend "${target.backend}", OpenAI).`;
  return { ignored, unsupported: { param, message } };
}

/** Which of the fields that `target` does not take the caller gave, by the caller's names. */
function droppedFields(request: ChatRequest, { drop = [] }: Target): readonly string[] {
  if (drop.length === 0) return [];
  const body = neutralBody(request);
  return drop.filter((name) => body[name] != null);
}

/** The beginning of the answer as the last message. */
function bodyWithPrefill(body: JsonObject, { prefill }: ChatRequest): JsonObject {
  const messages = body['messages'];
  if (prefill === undefined || !Array.isArray(messages)) return body;
  return { ...body, messages: withPrefill(messages, prefill) };
}

/**
 * The caller's own body may ask for more tokens than the neutral request, which was bounded by its
 * key, or has the beginning of the answer already.
 */
function bodyWithLimit(body: JsonObject, { sampling: { maxTokens } }: ChatRequest): JsonObject {
  if (maxTokens === undefined) return body;
  const said = LIMITS.filter((name) => body[name] != null);
  if (said.length === 0) return { ...body, max_tokens: maxTokens };
  const over = said.filter((name) => !isWithin(body[name], maxTokens));
  if (over.length === 0) return body;
  return { ...body, ...Object.fromEntries(over.map((name) => [name, maxTokens])) };
}

function isWithin(value: unknown, max: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= max;
}

function toOpenAiBody(request: ChatRequest): JsonObject {
  const { sampling, tools, toolChoice, responseFormat } = request;
  return defined({
    messages: request.messages.flatMap(splitResults).map(toOpenAiMessage),
    tools: tools?.map((tool) => ({ type: 'function', function: tool })),
    tool_choice: toolChoice && toOpenAiToolChoice(toolChoice),
    response_format: responseFormat && toOpenAiResponseFormat(responseFormat),
    temperature: sampling.temperature,
    top_p: sampling.topP,
    // The old name, which every compatible server knows; for others it is renamed.
    max_tokens: sampling.maxTokens,
    stop: sampling.stop,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    reasoning_effort: request.reasoningEffort,
  });
}

function toOpenAiMessage({ role, name, parts }: Message): JsonObject {
  const toolCalls = parts.filter((part) => part.type === 'tool-call');
  const result = parts.find((part) => part.type === 'tool-result');
  if (result)
    return { role, tool_call_id: result.toolCallId, content: toOpenAiToolResult(result.parts) };
  return defined({
    role,
    name,
    content: toOpenAiContent(parts),
    tool_calls:
      toolCalls.length > 0
        ? toolCalls.map(({ id, name: tool, arguments: args }) => ({
            id,
            type: 'function',
            function: { name: tool, arguments: args },
          }))
        : undefined,
  });
}

/** Texts alone stay one string: older compatible servers know no content parts in results. */
function toOpenAiToolResult(parts: readonly ContentPart[]): unknown {
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return texts.length === parts.length ? texts.join('\n') : toOpenAiContent(parts);
}

/** A lone text stays a string: older compatible servers know no content parts. */
function toOpenAiContent(parts: readonly MessagePart[]): unknown {
  const content = parts.flatMap((part): JsonObject[] => {
    if (part.type === 'text') return [{ type: 'text', text: part.text }];
    if (part.type === 'image') {
      return [{ type: 'image_url', image_url: defined({ url: part.url, detail: part.detail }) }];
    }
    return [];
  });
  if (content.length === 0) return null;
  const [only, ...others] = content;
  return others.length === 0 && only?.['type'] === 'text' ? only['text'] : content;
}

function toOpenAiToolChoice(choice: ToolChoice): unknown {
  return typeof choice === 'string' ? choice : { type: 'function', function: choice };
}

function toOpenAiResponseFormat(format: ResponseFormat): JsonObject {
  switch (format.type) {
    case 'text':
      return { type: 'text' };
    case 'json':
      return { type: 'json_object' };
    case 'json-schema':
      return {
        type: 'json_schema',
        json_schema: defined({ name: format.name, schema: format.schema, strict: format.strict }),
      };
  }
}

/** The body of a caller that speaks this dialect, too; of any other one it would be nonsense here. */
export function nativeBody({ native }: ChatRequest): JsonObject | undefined {
  return native?.dialect === 'chat-completions' ? native.body : undefined;
}
