import { isJsonObject, type JsonObject } from '../../contract/json.js';

/**
 * What Anthropic's clients take for granted in an event. Servers that are only like Anthropic leave
 * it out, and clients then throw, or lose what was said without a word: such an event is not passed
 * on as it came, but rebuilt from its parts.
 */
export function isRegularStart(message: unknown): boolean {
  return (
    isJsonObject(message) &&
    typeof message['id'] === 'string' &&
    Array.isArray(message['content']) &&
    isJsonObject(message['usage'])
  );
}

/** The last word's counts are read by every client. */
export function isRegularFinish({ delta, usage }: JsonObject): boolean {
  return isJsonObject(delta) && isJsonObject(usage) && typeof usage['output_tokens'] === 'number';
}

/** A kind of block that has parts of its own here. */
export function isModelled(type: unknown): boolean {
  return DELTAS.has(type);
}

export function isRegularBlock(block: JsonObject): boolean {
  const { type } = block;
  return typeof type === 'string' && (STRINGS[type] ?? []).every((name) => isText(block[name]));
}

/** @param type of the block that it belongs to: a client looks for text in texts alone */
export function isRegularDelta(type: unknown, delta: JsonObject): boolean {
  const { type: kind } = delta;
  if (typeof kind !== 'string') return false;
  const isOfAnother = isModelled(type) && KINDS.has(kind) && !DELTAS.get(type)?.includes(kind);
  return !isOfAnother && (STRINGS[kind] ?? []).every((name) => isText(delta[name]));
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** Fields of blocks and of deltas that clients append to, or name a call by. */
const STRINGS: Readonly<Record<string, readonly string[]>> = {
  text: ['text'],
  thinking: ['thinking'],
  redacted_thinking: ['data'],
  tool_use: ['id', 'name'],
  text_delta: ['text'],
  thinking_delta: ['thinking'],
  signature_delta: ['signature'],
  input_json_delta: ['partial_json'],
};

const DELTAS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['text', ['text_delta', 'citations_delta']],
  ['thinking', ['thinking_delta', 'signature_delta']],
  ['redacted_thinking', []],
  ['tool_use', ['input_json_delta']],
]);
const KINDS: ReadonlySet<string> = new Set([...DELTAS.values()].flat());
