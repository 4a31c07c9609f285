import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import type { PartType } from './item-parts.js';

/**
 * What clients of the Responses API take for granted in an event. Servers that are only like OpenAI
 * leave it out, and clients then throw (`responses.stream()` of OpenAI's own), or lose what was said:
 * such an event is not passed on as it came, but rebuilt from its parts.
 */
export function isRegularStart(response: JsonObject): boolean {
  return isName(response['id']) && Array.isArray(response['output']);
}

/** One that has parts already is none: clients count its parts as they begin. */
export function isRegularBegin(item: JsonObject): boolean {
  const hasParts = item['type'] === 'message' || item['type'] === 'reasoning';
  if (hasParts && !(isEmpty(item['content']) && isEmpty(item['summary']))) return false;
  return isRegularItem(item);
}

export function isRegularItem(item: JsonObject): boolean {
  const { type, id } = item;
  const isOurs = type === 'message' || type === 'reasoning' || type === 'function_call';
  return isReadableItem(item) && (!isOurs || isName(id));
}

/** Also of a whole answer, where nobody asks for the id of an item. */
export function isReadableItem(item: unknown): item is JsonObject {
  if (!isJsonObject(item)) return false;
  switch (item['type']) {
    case 'message':
      return isListOf(item['content'], isReadablePart);
    case 'reasoning':
      return isListOf(item['summary'], isJsonObject);
    case 'function_call':
      return (
        isName(item['call_id']) && isName(item['name']) && typeof item['arguments'] === 'string'
      );
    default:
      return isName(item['type']);
  }
}

/** Text is called `output_text` here: clients pass over any other. */
function isReadablePart(part: unknown): boolean {
  if (!isJsonObject(part)) return false;
  const { type, text, refusal } = part;
  if (type === 'refusal') return typeof refusal === 'string';
  return type === 'output_text' ? typeof text === 'string' : isName(type) && type !== 'text';
}

function isListOf(list: unknown, isOne: (value: unknown) => boolean): boolean {
  return Array.isArray(list) && list.every(isOne);
}

function isEmpty(list: unknown): boolean {
  return list == null || (Array.isArray(list) && list.length === 0);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Events with a piece of an item, by the part that it belongs to. */
export const DELTAS: ReadonlyMap<string, PartType> = new Map([
  ['response.output_text.delta', 'output_text'],
  ['response.function_call_arguments.delta', 'arguments'],
  ['response.reasoning_summary_text.delta', 'summary_text'],
  ['response.reasoning_text.delta', 'reasoning_text'],
  ['response.refusal.delta', 'refusal'],
  ['response.reasoning.delta', 'reasoning_text'],
  ['response.reasoning_summary.delta', 'summary_text'],
]);

/** Those of other servers: OpenAI's own client throws for what it does not know. */
export const FOREIGN: ReadonlySet<string> = new Set([
  'response.reasoning.delta',
  'response.reasoning.done',
  'response.reasoning_summary.delta',
  'response.reasoning_summary.done',
]);

/** Events that say a part again as a whole, and in which field. */
export const WHOLES: ReadonlyMap<string, { readonly part: PartType; readonly field: string }> =
  new Map([
    ['response.output_text.done', { part: 'output_text', field: 'text' }],
    ['response.function_call_arguments.done', { part: 'arguments', field: 'arguments' }],
    ['response.reasoning_summary_text.done', { part: 'summary_text', field: 'text' }],
    ['response.reasoning_text.done', { part: 'reasoning_text', field: 'text' }],
    ['response.refusal.done', { part: 'refusal', field: 'refusal' }],
    ['response.reasoning.done', { part: 'reasoning_text', field: 'text' }],
    ['response.reasoning_summary.done', { part: 'summary_text', field: 'text' }],
  ]);

/** One of them is the last event. */
export const ENDS: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
]);

/** Pieces of what only its own dialect knows: of code, sound, a patch, the input of a custom tool. */
export function isOpaqueContent(type: string): boolean {
  return type.endsWith('.delta') || type.endsWith('.partial_image');
}
