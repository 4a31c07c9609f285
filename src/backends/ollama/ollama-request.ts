import type { Fit, Target } from '../../contract/chat-backend.js';
import type {
  ChatRequest,
  Message,
  MessagePart,
  ResponseFormat,
  Sampling,
} from '../../contract/chat-request.js';
import { defined, type JsonObject } from '../../contract/json.js';
import { toolInputOf } from '../../contract/tool-input.js';
import { findPart } from '../shared/request/find-part.js';
import { splitResults } from '../shared/request/split-results.js';
import { withPrefill } from '../shared/answer/with-prefill.js';

/** Fields that Ollama takes beside `options`; all others of a target are options. */
const TOP_LEVEL_FIELDS = new Set([
  'keep_alive',
  'think',
  'tools',
  'format',
  'logprobs',
  'top_logprobs',
  'truncate',
  'shift',
]);

/**
 * The body of `POST /api/chat`.
 * @see https://docs.ollama.com/api/chat
 */
export function toOllamaBody(request: ChatRequest, target: Target, stream: boolean): JsonObject {
  const { sampling, tools, toolChoice, responseFormat, prefill } = request;
  const toolNames = toolNamesById(request.messages);
  const messages = request.messages
    .flatMap(splitResults)
    .map((message) => toOllamaMessage(message, toolNames));
  const fields = defined({
    // Ollama has no tool_choice; "none" is the one that needs no help of the model.
    tools:
      toolChoice === 'none'
        ? undefined
        : tools?.map(({ name, description, parameters }) => ({
            type: 'function',
            function: defined({ name, description, parameters }),
          })),
    format: responseFormat && toOllamaFormat(responseFormat),
    ...toOllamaOptions(sampling),
  });
  const said = Object.entries(inDialectOf(target, fields));
  return {
    model: target.model,
    stream,
    messages: prefill === undefined ? messages : withPrefill(messages, prefill),
    options: Object.fromEntries(said.filter(([name]) => !TOP_LEVEL_FIELDS.has(name))),
    ...Object.fromEntries(said.filter(([name]) => TOP_LEVEL_FIELDS.has(name))),
  };
}

/** The caller's sampling in Ollama's names. */
function toOllamaOptions(sampling: Sampling): JsonObject {
  return defined({
    temperature: sampling.temperature,
    top_p: sampling.topP,
    num_predict: sampling.maxTokens,
    stop: sampling.stop,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
  });
}

/** Ollama's fields and options in one, without those of the callers that it does not take. */
function inDialectOf({ drop = [], rename = {}, set }: Target, fields: JsonObject): JsonObject {
  const kept = Object.entries(fields).filter(([name]) => !drop.includes(name));
  const isRenamed = (name: string) => Object.hasOwn(rename, name);
  return {
    ...Object.fromEntries(
      kept.filter(([name]) => isRenamed(name)).map(([name, value]) => [rename[name], value]),
    ),
    ...Object.fromEntries(kept.filter(([name]) => !isRenamed(name))),
    ...set,
  };
}

/** What of the request Ollama cannot do, and what it would leave out. */
export function fitOf(request: ChatRequest, { backend, drop = [], set = {} }: Target): Fit {
  const ignored = [
    ...(request.unmodelled?.hints ?? []),
    // Not every model thinks, and Ollama refuses `think` for those that do not: the target's options decide.
    ...(request.reasoningEffort === undefined ? [] : ['reasoning_effort']),
    ...(drop.length === 0 ? [] : droppedFields(request, drop)),
  ];
  if (request.isOutputBound && drop.includes('num_predict') && set['num_predict'] == null) {
    const message = `Your key bounds what a model may write, and backend "${backend}" takes no limit.`;
    return { ignored, unsupported: { param: 'max_tokens', message } };
  }
  const unsupported = firstUnsupported(request);
  if (unsupported === undefined) return { ignored };
  const { param, why } = unsupported;
  return { ignored, unsupported: { param, message: `${why} (backend "${backend}", Ollama).` } };
}

function firstUnsupported(request: ChatRequest): { param: string; why: string } | undefined {
  const [field] = request.unmodelled?.shape ?? [];
  if (field !== undefined) return { param: field, why: `"${field}" cannot be honoured here` };
  const { toolChoice } = request;
  if (toolChoice !== undefined && toolChoice !== 'auto' && toolChoice !== 'none') {
    return { param: 'tool_choice', why: 'A tool call cannot be forced here' };
  }
  const found = findPart(request.messages, cannotBeSent);
  if (!found) return undefined;
  const { param, part } = found;
  const why =
    part.type === 'opaque'
      ? `is of type "${part.kind}", which cannot be sent here`
      : 'is an image by URL: send its bytes, in base64 (as a "data:" URL), Sluice fetches no URLs';
  return { param, why: `${param} ${why}` };
}

function cannotBeSent(part: MessagePart): boolean {
  return part.type === 'opaque' || (part.type === 'image' && base64Of(part.url) === undefined);
}

/** What of the caller's own is dropped, by OpenAI's names where Ollama has others. */
function droppedFields(request: ChatRequest, drop: readonly string[]): readonly string[] {
  const { tools, responseFormat, sampling } = request;
  const given: JsonObject = defined({
    ...toOllamaOptions(sampling),
    tools,
    format: responseFormat,
  });
  const names: Readonly<Record<string, string>> = {
    num_predict: 'max_tokens',
    format: 'response_format',
  };
  return drop.filter((name) => Object.hasOwn(given, name)).map((name) => names[name] ?? name);
}

/** Parts as their caller numbers them: those of a result are the content of its message. */
function toOllamaContent(part: MessagePart): readonly MessagePart[] {
  return part.type === 'tool-result' ? part.parts : [part];
}

function toOllamaMessage(
  { role, parts }: Message,
  toolNames: ReadonlyMap<string, string>,
): JsonObject {
  const text: string[] = [];
  const thinking: string[] = [];
  const images: string[] = [];
  const toolCalls: JsonObject[] = [];
  const result = parts.find((part) => part.type === 'tool-result');
  for (const part of parts.flatMap(toOllamaContent)) {
    switch (part.type) {
      case 'text':
        text.push(part.text);
        break;
      case 'reasoning':
        if (part.text !== '') thinking.push(part.text);
        break;
      case 'image':
        images.push(base64Of(part.url) ?? '');
        break;
      case 'tool-call':
        toolCalls.push({
          function: { name: part.name, arguments: toolInputOf(part.arguments) },
        });
        break;
      case 'tool-result':
      case 'opaque':
        break;
    }
  }
  return defined({
    role: role === 'developer' ? 'system' : role,
    content: text.join('\n'),
    thinking: thinking.length > 0 ? thinking.join('') : undefined,
    images: images.length > 0 ? images : undefined,
    tool_calls: toolCalls.length > 0 ? toolCalls : undefined,
    tool_name: result && toolNames.get(result.toolCallId),
  });
}

/** Ollama names the tool a result belongs to; callers name the call. */
function toolNamesById(messages: readonly Message[]): ReadonlyMap<string, string> {
  const calls = messages.flatMap(({ parts }) => parts.filter((part) => part.type === 'tool-call'));
  return new Map(calls.map(({ id, name }) => [id, name]));
}

function base64Of(url: string): string | undefined {
  const comma = url.indexOf(',');
  return url.startsWith('data:') && /;base64$/i.test(url.slice(0, comma))
    ? url.slice(comma + 1)
    : undefined;
}

function toOllamaFormat(format: ResponseFormat): unknown {
  switch (format.type) {
    case 'text':
      return undefined;
    case 'json':
      return 'json';
    case 'json-schema':
      return format.schema;
  }
}
