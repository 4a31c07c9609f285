import { isJsonObject, stringOr } from '../../../contract/json.js';
import type { StreamPart } from '../../../contract/stream-event.js';

/**
 * The pieces of an answer in a `content` of any shape: text, a number, or parts of several types
 * (Mistral's thinking, Databricks' and Anthropic's parts, images). A part that nobody knows is
 * content all the same, which only its own event can show.
 */
export function parseContentParts(content: unknown): StreamPart[] {
  if (typeof content === 'string') return textDelta(content);
  if (typeof content === 'number' || typeof content === 'boolean') {
    return textDelta(String(content));
  }
  return [content].flat().flatMap(parsePart);
}

/** Deeper than any part has its text; who nests deeper wants to exhaust our stack. */
const MAX_PART_DEPTH = 6;

/** The text in `value`, a text or parts with texts in them. */
export function textIn(value: unknown, depth = 0): string {
  if (typeof value === 'string') return value;
  if (depth === MAX_PART_DEPTH) return '';
  const inner = (next: unknown) => textIn(next, depth + 1);
  if (Array.isArray(value)) return (value as unknown[]).map(inner).join('');
  return isJsonObject(value) ? inner(value['text'] ?? value['content'] ?? value['summary']) : '';
}

/** Images as OpenRouter sends them beside the text: `[{type: "image_url", image_url: {url}}]`. */
export function parseImages(images: unknown): StreamPart[] {
  return Array.isArray(images) ? (images as unknown[]).flatMap(parseImage) : [];
}

function parsePart(part: unknown): StreamPart[] {
  if (part == null) return [];
  if (typeof part === 'string') return textDelta(part);
  if (!isJsonObject(part)) return OPAQUE;
  switch (stringOr(part['type'], 'text')) {
    case 'text':
    case 'output_text':
      return textDelta(textIn(part));
    case 'thinking':
    case 'reasoning':
      return reasoningDelta(
        textIn(part['thinking'] ?? part['summary'] ?? part['reasoning'] ?? part),
      );
    case 'refusal': {
      const text = textIn(part['refusal']);
      return text === '' ? [] : [{ type: 'refusal-delta', text }];
    }
    case 'image':
    case 'image_url':
      return parseImage(part);
    default:
      return OPAQUE;
  }
}

const OPAQUE: StreamPart[] = [{ type: 'opaque' }];

function parseImage(image: unknown): StreamPart[] {
  if (!isJsonObject(image)) return OPAQUE;
  const { image_url: nested } = image;
  const url = stringOr(isJsonObject(nested) ? nested['url'] : (nested ?? image['url']), '');
  return url === '' ? OPAQUE : [{ type: 'image-delta', url }];
}

function textDelta(text: string): StreamPart[] {
  return text === '' ? [] : [{ type: 'text-delta', text }];
}

function reasoningDelta(text: string): StreamPart[] {
  return text === '' ? [] : [{ type: 'reasoning-delta', text }];
}
