import type { Target } from '../../contract/chat-backend.js';
import { bounded, limitNameOf, LIMITS } from '../shared/request/bounds.js';
import { isJsonObject, type JsonObject } from '../../contract/json.js';
import { renamed, without } from '../shared/request/target-fields.js';

/**
 * OpenAI's reasoning models, by whichever provider's name: they refuse `max_tokens`.
 * @see https://platform.openai.com/docs/api-reference/chat/create#chat-create-max_tokens
 */
const REASONING_MODEL = /(?:^|[/:])(?:gpt-5|o[134](?![a-z0-9]))/i;

/** Whether a target takes `max_completion_tokens` in place of `max_tokens`, by the name of its model. */
export function takesCompletionTokens({ model }: Target): boolean {
  return REASONING_MODEL.test(model);
}

/**
 * `body` as `target` takes it: first fields are dropped, then renamed, then set. A field whose new
 * name is there already gives way to it.
 * @param renamesLimit `max_tokens` is not known there; what the configuration says of either limit wins
 * @param maxTokens a bound of the caller's output, for what is not set
 */
export function inDialectOf(
  target: Target,
  body: JsonObject,
  renamesLimit: boolean,
  maxTokens: number | undefined,
): JsonObject {
  const { drop = [], rename = {}, set, developerRole } = target;
  const isSaid = LIMITS.some((name) => Object.hasOwn(rename, name));
  const names: Readonly<Record<string, string>> =
    renamesLimit && !isSaid ? { ...rename, max_tokens: 'max_completion_tokens' } : rename;
  const taken = without(drop, body);
  return {
    ...(maxTokens === undefined
      ? renamed(taken, names)
      : bounded(renamed(withLimit(target, taken, maxTokens), names), maxTokens, limitsIn(names))),
    ...set,
    ...(developerRole !== undefined && { messages: withRole(developerRole, body['messages']) }),
  };
}

/** The caller's own name for the limit may be one that is dropped. */
function withLimit(target: Target, body: JsonObject, maxTokens: number): JsonObject {
  const name = limitNameOf(target);
  if (name === undefined || LIMITS.some((each) => body[each] != null)) return body;
  return { ...body, [name]: maxTokens };
}

/** What the limit is called there. */
function limitsIn(names: Readonly<Record<string, string>>): readonly string[] {
  return LIMITS.flatMap((name) => names[name] ?? []);
}

function withRole(role: 'system', messages: unknown): unknown {
  if (!Array.isArray(messages)) return messages;
  return messages.map((message: unknown) =>
    isJsonObject(message) && message['role'] === 'developer' ? { ...message, role } : message,
  );
}
