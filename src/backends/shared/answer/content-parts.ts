import { isJsonObject, stringOr } from '../../../contract/json.js';
import type { StreamChunk } from '../../../contract/stream-chunk.js';

/**
 * The pieces of an answer in a `content` of any shape: text, a number, or parts of several types
 * (Mistral's thinking, Databricks' and Anthropic's parts, images). A part that nobody knows is
 * content all the same, which only its own wire can show.
 */
export function contentChunks(content: unknown): StreamChunk[] {
  if (typeof content === 'string') return textDelta(content);
  if (typeof content === 'number' || typeof content === 'boolean') {
    return textDelta(String(content));
  }
  return [content].flat().flatMap(partChunks);
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
export function imageChunks(images: unknown): StreamChunk[] {
  return Array.isArray(images) ? (images as unknown[]).flatMap(imageChunk) : [];
}

function partChunks(part: unknown): StreamChunk[] {
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
      return imageChunk(part);
    default:
      return OPAQUE;
  }
}

const OPAQUE: StreamChunk[] = [{ type: 'passthrough', opaqueContent: true }];

function imageChunk(image: unknown): StreamChunk[] {
  if (!isJsonObject(image)) return OPAQUE;
  const { image_url: nested } = image;
  const url = stringOr(isJsonObject(nested) ? nested['url'] : (nested ?? image['url']), '');
  return url === '' ? OPAQUE : [{ type: 'image-delta', url }];
}

function textDelta(text: string): StreamChunk[] {
  return text === '' ? [] : [{ type: 'text-delta', text }];
}

function reasoningDelta(text: string): StreamChunk[] {
  return text === '' ? [] : [{ type: 'reasoning-delta', text }];
}
