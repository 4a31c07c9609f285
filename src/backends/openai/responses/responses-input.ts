import type { Target } from '../../../contract/chat-backend.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { SEALED_BY_SLUICE } from '../../../contract/stream-event.js';

/**
 * A caller's body with its `input` as the upstream takes it. OpenAI looks up reasoning by its id, and
 * where nothing is stored finds only what came sealed by itself ("Item with id 'rs_…' not found"):
 * other reasoning is left out.
 */
export function withOwnInput(body: JsonObject, { developerRole }: Target): JsonObject {
  const { input: given } = body;
  if (!Array.isArray(given)) return body;
  const input = given
    .filter((item) => !isForeignReasoning(item))
    .map((item: unknown) =>
      developerRole !== undefined && isJsonObject(item) && item['role'] === 'developer'
        ? { ...item, role: developerRole }
        : item,
    );
  return { ...body, input };
}

function isForeignReasoning(item: unknown): boolean {
  if (!isJsonObject(item) || item['type'] !== 'reasoning') return false;
  const { encrypted_content: sealed } = item;
  return typeof sealed !== 'string' || sealed === '' || sealed.startsWith(SEALED_BY_SLUICE);
}
