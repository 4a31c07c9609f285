import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { textIn } from '../../shared/answer/content-parts.js';

/** What content means, whatever its part is called, and in which kind of item it stands. */
const ITEM_TYPES = {
  text: 'message',
  refusal: 'message',
  reasoning: 'reasoning',
  arguments: 'function_call',
} as const;
export type Meaning = keyof typeof ITEM_TYPES;

const MODELLED = new Set<unknown>(Object.values(ITEM_TYPES));

/** Whether items of this type can be made anew of what was said of them. */
export function isModelled(itemType: unknown): boolean {
  return MODELLED.has(itemType);
}

/** The parts that items are made of, by their types; a call has one. */
export const MEANINGS = {
  output_text: 'text',
  refusal: 'refusal',
  reasoning_text: 'reasoning',
  summary_text: 'reasoning',
  arguments: 'arguments',
} as const;
export type PartType = keyof typeof MEANINGS;

export function isPartType(type: unknown): type is PartType {
  return typeof type === 'string' && Object.hasOwn(MEANINGS, type);
}

/** In which kind of item such a part is. */
export function itemTypeOf(type: PartType): string {
  return ITEM_TYPES[MEANINGS[type]];
}

/** How much a whole item has of it, without the white space around it, which some servers add or leave out. */
export function charsIn(content: unknown, meaning: Meaning): number {
  const parts: unknown[] = Array.isArray(content) ? content : [];
  return parts
    .filter(isJsonObject)
    .filter(({ type }) => isPartType(type) && MEANINGS[type] === meaning)
    .reduce((chars, part) => chars + textOfPart(part).trim().length, 0);
}

export function textOfPart(part: JsonObject): string {
  return textIn(part['text'] ?? part['refusal']);
}
