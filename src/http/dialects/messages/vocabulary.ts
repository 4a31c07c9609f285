import type { JsonObject } from '../../../contract/json.js';
import type { FinishReason, Usage } from '../../../contract/stream-event.js';

/** Anthropic's own words, which say more than the neutral ones. */
const OWN_REASONS = new Set([
  'stop_sequence',
  'pause_turn',
  'model_context_window_exceeded',
  'compaction',
]);

const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  other: 'end_turn',
};

/** Why a message ended, in the fields that a Message and its `message_delta` have for it. */
export function stopFields(
  reason: FinishReason,
  rawReason: string | undefined,
  isRefused: boolean,
): JsonObject {
  const isOwn = rawReason !== undefined && OWN_REASONS.has(rawReason);
  const refused = isRefused && reason === 'stop' ? 'refusal' : undefined;
  const stopReason = refused ?? (isOwn ? rawReason : STOP_REASONS[reason]);
  const details = { type: 'refusal', category: null, explanation: null };
  return {
    stop_reason: stopReason,
    stop_sequence: null,
    stop_details: stopReason === 'refusal' ? details : null,
  };
}

/** Its clients take both counts for granted, and count what was cached beside the input. */
export function toAnthropicUsage(usage: Usage | undefined): JsonObject {
  const { input = 0, output = 0, cachedInput, cacheWrite } = usage ?? {};
  return {
    input_tokens: Math.max(0, input - (cachedInput ?? 0) - (cacheWrite ?? 0)),
    cache_creation_input_tokens: cacheWrite ?? 0,
    cache_read_input_tokens: cachedInput ?? 0,
    output_tokens: output,
  };
}
