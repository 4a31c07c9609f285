import type { Target } from '../../../contract/chat-backend.js';
import type { ChatRequest } from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';

export const LIMITS = ['max_tokens', 'max_completion_tokens'];

/** What compatible servers (llama.cpp, Ollama, TGI) take for the limit, too, some before its own name. */
const LIMIT_NAMES = [...LIMITS, 'n_predict', 'num_predict', 'max_new_tokens', 'max_output_tokens'];

/** Objects of the body whose fields some servers take for fields of the body. */
const NESTED = ['options', 'parameters', 'extra_body'];

/** Fields that name models beside `model`: OpenRouter's, LiteLLM's and Anthropic's own (`fallbacks`). */
const MODEL_CHOICES = [
  'models',
  'fallbacks',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'route',
  'preset',
  'extra_body',
];

/** Which fields of `body` its caller may not choose, because they name other models. */
export function forbiddenIn(body: JsonObject, { isBoundToModel }: ChatRequest): readonly string[] {
  return isBoundToModel ? MODEL_CHOICES.filter((name) => body[name] != null) : [];
}

/** The name by which `target` takes a limit of ours, before its names are changed; absent: by none. */
export function limitNameOf({ drop = [] }: Target): string | undefined {
  return LIMITS.find((name) => !drop.includes(name));
}

/** Whether a bound of the caller's output can be kept at `target`; its own `set` is the operator's bound. */
export function canBound(target: Target): boolean {
  const { set = {}, rename = {} } = target;
  const names = [...LIMIT_NAMES, ...LIMITS.map((name) => rename[name])];
  return limitNameOf(target) !== undefined || names.some((name) => name && set[name] != null);
}

/** `body` with every field that may be taken for the limit at most `max`. */
export function bounded(body: JsonObject, max: number, renamed: readonly string[]): JsonObject {
  const names = new Set([...LIMIT_NAMES, ...renamed]);
  const over = Object.entries(body).flatMap(([name, value]): [string, unknown][] => {
    if (names.has(name)) return isWithin(value, max) ? [] : [[name, max]];
    if (NESTED.includes(name) && isJsonObject(value)) return [[name, bounded(value, max, renamed)]];
    return [];
  });
  return over.length === 0 ? body : { ...body, ...Object.fromEntries(over) };
}

/** 0 and less are "as many as you like" to some servers. */
function isWithin(value: unknown, max: number): boolean {
  return typeof value === 'number' && value > 0 && value <= max;
}
