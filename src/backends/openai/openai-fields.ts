import { defined, isJsonObject, type JsonObject, numberOr, stringOr } from '../../contract/json.js';
import type { FinishReason, StreamChunk, Usage } from '../../contract/stream-chunk.js';

const MODELLED_DELTAS = new Set([
  'role',
  'content',
  'reasoning_content',
  'reasoning',
  'refusal',
  'tool_calls',
]);

/** The pieces of an answer in one `delta`. */
export function deltasOf(delta: JsonObject): StreamChunk[] {
  const chunks: StreamChunk[] = [];
  // DeepSeek, vLLM and SGLang say `reasoning_content`, OpenRouter and Ollama `reasoning`; some send both.
  const reasoning = stringOr(delta['reasoning_content'], '') || stringOr(delta['reasoning'], '');
  if (reasoning) chunks.push({ type: 'reasoning-delta', text: reasoning });
  const text = stringOr(delta['content'], '');
  if (text) chunks.push({ type: 'text-delta', text });
  const refusal = stringOr(delta['refusal'], '');
  if (refusal) chunks.push({ type: 'refusal-delta', text: refusal });
  if (Array.isArray(delta['tool_calls'])) {
    for (const call of delta['tool_calls'] as unknown[]) {
      if (isJsonObject(call)) chunks.push(toolCallDelta(call));
    }
  }
  if (chunks.length === 0 && hasUnknownContent(delta)) {
    chunks.push({ type: 'passthrough', opaqueContent: true });
  }
  return chunks;
}

function hasUnknownContent(delta: JsonObject): boolean {
  for (const [name, value] of Object.entries(delta)) {
    if (MODELLED_DELTAS.has(name) || value == null || value === '') continue;
    if (Array.isArray(value) && value.length === 0) continue;
    return true;
  }
  return false;
}

function toolCallDelta(call: JsonObject): StreamChunk {
  const fn = isJsonObject(call['function']) ? call['function'] : {};
  const id = stringOr(call['id'], '');
  const name = stringOr(fn['name'], '');
  return {
    type: 'tool-call-delta',
    index: numberOr(call['index'], 0),
    ...(id && { id }),
    ...(name && { name }),
    arguments: stringOr(fn['arguments'], ''),
  };
}

export function finishReasonOf(raw: string): FinishReason {
  switch (raw) {
    case 'stop':
    case 'length':
    case 'tool_calls':
    case 'content_filter':
      return raw;
    // The deprecated form of a tool call.
    case 'function_call':
      return 'tool_calls';
    default:
      return 'other';
  }
}

/** @see https://platform.openai.com/docs/api-reference/chat/object `usage` */
export function usageOf(usage: unknown): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const prompt = isJsonObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {};
  const completion = isJsonObject(usage['completion_tokens_details'])
    ? usage['completion_tokens_details']
    : {};
  return defined({
    input: numberOr(usage['prompt_tokens'], undefined),
    output: numberOr(usage['completion_tokens'], undefined),
    cachedInput: numberOr(prompt['cached_tokens'], undefined),
    reasoning: numberOr(completion['reasoning_tokens'], undefined),
  });
}
