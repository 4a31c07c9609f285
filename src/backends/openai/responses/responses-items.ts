import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type { StreamPart } from '../../../contract/stream-event.js';
import { argumentsTextOf } from '../../shared/answer/tool-arguments.js';

/** What a whole item of the output says. @param call the number of its call, if it is one */
export function partsOfItem(item: JsonObject, call: number): readonly StreamPart[] {
  switch (item['type']) {
    case 'message':
      return objectsIn(item['content']).flatMap(partsOfContent);
    case 'reasoning':
      return [...reasoningParts(item), ...sealedParts(item)];
    case 'function_call':
      return [callPart(item, call, argumentsTextOf(item['arguments']))];
    default:
      return isHosted(item) ? [{ type: 'opaque' }] : [];
  }
}

/** The first piece of a call, which names it. */
export function callPart(item: JsonObject, call: number, args: string): StreamPart {
  return {
    type: 'tool-call-delta',
    index: call,
    id: stringOr(item['call_id'], '') || stringOr(item['id'], ''),
    name: stringOr(item['name'], ''),
    arguments: args,
  };
}

/** What OpenAI wants back with the reasoning, where the caller asked for it. */
export function sealedParts(item: JsonObject): readonly StreamPart[] {
  const data = item['encrypted_content'];
  if (typeof data !== 'string' || data === '') return [];
  return [{ type: 'reasoning-delta', text: '', signature: { provider: 'openai', data } }];
}

/** Of a tool that the upstream runs, or of a kind that is not known here. */
export function isHosted({ type }: JsonObject): boolean {
  return type !== 'message' && type !== 'reasoning' && type !== 'function_call';
}

export function objectsIn(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function partsOfContent(part: JsonObject): readonly StreamPart[] {
  const text = textPart('text-delta', part['text']);
  return part['type'] === 'refusal' ? textPart('refusal-delta', part['refusal']) : text;
}

function reasoningParts(item: JsonObject): readonly StreamPart[] {
  const summary = objectsIn(item['summary']).flatMap(({ text }) =>
    textPart('reasoning-delta', text),
  );
  if (summary.length > 0) return summary;
  return objectsIn(item['content']).flatMap(({ text }) => textPart('reasoning-delta', text));
}

export function textPart(
  type: 'text-delta' | 'refusal-delta' | 'reasoning-delta',
  text: unknown,
): StreamPart[] {
  return typeof text === 'string' && text !== '' ? [{ type, text }] : [];
}
