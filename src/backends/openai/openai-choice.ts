import { isFilledObject, isJsonObject, type JsonObject } from '../../contract/json.js';
import type { StreamChunk } from '../../contract/stream-chunk.js';
import { contentChunks, imageChunks, textIn } from '../shared/answer/content-parts.js';
import { saysError } from '../shared/errors/upstream-error.js';
import type { ToolCallReader } from './openai-tool-calls.js';

const MODELLED_FIELDS = new Set([
  'role',
  'content',
  'reasoning_content',
  'reasoning',
  'thinking',
  'reasoning_details',
  'refusal',
  'images',
  'tool_calls',
  'function_call',
]);

/** The pieces of an answer in one `delta` or `message`. */
export interface Pieces {
  /** All of them are content. */
  readonly chunks: StreamChunk[];
  /** The same as a client of OpenAI can read it, where what was sent is not. */
  readonly readable: JsonObject | undefined;
}

/** The choice that is the answer: one was asked for, and servers number it 0 or not at all. */
export function parseAnswerChoice(event: JsonObject): JsonObject | undefined {
  const { choices } = event;
  if (!Array.isArray(choices)) return undefined;
  for (const choice of choices as unknown[]) {
    if (isJsonObject(choice) && Number(choice['index'] ?? 0) === 0) return choice;
  }
  return undefined;
}

/** What of an event, or of a whole answer, is the word of a failure; OpenRouter says it in the choice. */
export function choiceError(
  event: JsonObject,
  choice: JsonObject | undefined,
): JsonObject | undefined {
  if (saysError(event)) return event;
  return choice?.['error'] != null && saysError(choice) ? choice : undefined;
}

/** An empty `error` is none, but OpenAI's clients throw for any that is not null. */
export function withoutEmptyError(json: JsonObject): JsonObject {
  if (json['error'] == null) return json;
  const { error: _, ...rest } = json;
  return rest;
}

export function parseDelta(delta: JsonObject, calls: ToolCallReader): Pieces {
  const chunks: StreamChunk[] = [];
  const reasoning = reasoningIn(delta);
  if (reasoning !== '') chunks.push({ type: 'reasoning-delta', text: reasoning });
  const { content, refusal, images } = delta;
  // The one shape that is worth a way of its own: nearly every event of nearly every stream.
  if (typeof content === 'string') {
    if (content !== '') chunks.push({ type: 'text-delta', text: content });
  } else if (content != null) {
    for (const chunk of contentChunks(content)) chunks.push(chunk);
  }
  if (typeof refusal === 'string' && refusal !== '') {
    chunks.push({ type: 'refusal-delta', text: refusal });
  }
  if (images != null) for (const chunk of imageChunks(images)) chunks.push(chunk);
  let readable: JsonObject | undefined = isScalar(content)
    ? { ...delta, content: String(content) }
    : undefined;
  const { tool_calls: given } = delta;
  const toolCalls = parseToolCalls(delta);
  if (toolCalls.length > 0) {
    const read = calls.read(toolCalls);
    for (const chunk of read.chunks) chunks.push(chunk);
    const isReadable = !read.toolCalls && toolCalls === given;
    if (!isReadable && given != null) {
      readable = { ...delta, ...readable, tool_calls: read.toolCalls ?? toolCalls };
    }
  } else if (typeof given === 'object' && given !== null && toolCalls !== given) {
    const { tool_calls: _, ...rest } = readable ?? delta;
    readable = rest;
  }
  if (chunks.length === 0 && hasUnknownContent(delta)) {
    chunks.push({ type: 'passthrough', opaqueContent: true });
  }
  return { chunks, readable };
}

const NO_CALLS: readonly unknown[] = [];

/**
 * One call may stand without its list, and in the form that tools had before they were tools.
 * @returns the list itself where every item of it may be a call
 */
export function parseToolCalls({
  tool_calls: calls,
  function_call: legacy,
}: JsonObject): readonly unknown[] {
  if (Array.isArray(calls))
    return calls.every(isFilledObject) ? calls : calls.filter(isFilledObject);
  if (isFilledObject(calls)) return [calls];
  return isFilledObject(legacy) ? [{ index: 0, function: legacy }] : NO_CALLS;
}

/**
 * DeepSeek, vLLM and SGLang say `reasoning_content`, OpenRouter and Ollama `reasoning`, some both;
 * OpenRouter also details alone.
 */
export function reasoningIn(delta: JsonObject): string {
  for (const name of REASONING_FIELDS) {
    const value = delta[name];
    if (value == null || value === '') continue;
    const text = textIn(value);
    if (text !== '') return text;
  }
  return '';
}

const REASONING_FIELDS = ['reasoning_content', 'reasoning', 'thinking', 'reasoning_details'];

function isScalar(content: unknown): boolean {
  return typeof content === 'number' || typeof content === 'boolean';
}

function hasUnknownContent(delta: JsonObject): boolean {
  for (const [name, value] of Object.entries(delta)) {
    if (MODELLED_FIELDS.has(name) || value == null || value === '') continue;
    if (Array.isArray(value) && value.length === 0) continue;
    return true;
  }
  return false;
}
