import { isFilledObject, isJsonObject, type JsonObject } from '../../contract/json.js';
import type { StreamPart } from '../../contract/stream-event.js';
import { parseContentParts, parseImages, textIn } from '../shared/answer/content-parts.js';
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

/** What one `delta` or `message` holds of an answer. */
export interface ParsedDelta {
  /** All of them are content. */
  readonly parts: readonly StreamPart[];
  /** The same as a client of OpenAI can read it, where what was sent is not. */
  readonly readable: JsonObject | undefined;
}

/** The choice that is the answer: one was asked for, and servers number it 0 or not at all. */
export function parseAnswerChoice(event: JsonObject): JsonObject | undefined {
  const { choices } = event;
  if (!Array.isArray(choices)) return undefined;
  for (const choice of choices as unknown[]) {
    if (isJsonObject(choice) && isFirst(choice['index'])) return choice;
  }
  return undefined;
}

function isFirst(index: unknown): boolean {
  return index == null || (typeof index !== 'object' && Number(index) === 0);
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

export function parseDelta(delta: JsonObject, calls: ToolCallReader): ParsedDelta {
  const parts: StreamPart[] = [];
  const reasoning = reasoningIn(delta);
  if (reasoning !== '') parts.push({ type: 'reasoning-delta', text: reasoning });
  const { content, refusal, images } = delta;
  // The one shape that is worth a way of its own: nearly every event of nearly every stream.
  if (typeof content === 'string') {
    if (content !== '') parts.push({ type: 'text-delta', text: content });
  } else if (content != null) {
    for (const part of parseContentParts(content)) parts.push(part);
  }
  if (typeof refusal === 'string' && refusal !== '') {
    parts.push({ type: 'refusal-delta', text: refusal });
  }
  if (images != null) for (const part of parseImages(images)) parts.push(part);
  let readable: JsonObject | undefined = isScalar(content)
    ? { ...delta, content: String(content) }
    : undefined;
  const { tool_calls: given } = delta;
  const toolCalls = parseToolCalls(delta);
  if (toolCalls.length > 0) {
    const read = calls.read(toolCalls);
    for (const part of read.parts) parts.push(part);
    const isReadable = !read.toolCalls && toolCalls === given;
    if (!isReadable && given != null) {
      readable = { ...delta, ...readable, tool_calls: read.toolCalls ?? toolCalls };
    }
  } else if (typeof given === 'object' && given !== null && toolCalls !== given) {
    const { tool_calls: _, ...rest } = readable ?? delta;
    readable = rest;
  }
  if (parts.length === 0 && hasUnknownContent(delta)) parts.push({ type: 'opaque' });
  return { parts, readable };
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
