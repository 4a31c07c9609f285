import { GatewayError } from '../../../contract/gateway-error.js';
import { isJsonObject } from '../../../contract/json.js';
import type { FinishReason } from '../../../contract/stream-event.js';

/** "Not yet", in the words of servers that print what they do not have. */
const NOT_YET = new Set(['', 'null', 'none']);

/** The generation was given up, and what there is of it is a fragment. */
const FAILURES = new Set([
  // vLLM and SGLang: the request was aborted. https://github.com/vllm-project/vllm/issues/57082
  'abort',
  'aborted',
  // Mistral, OpenRouter, LMDeploy.
  'error',
  // Zhipu's GLM: its own connection to the model broke.
  'network_error',
  // DeepSeek: the request was interrupted for want of resources.
  'insufficient_system_resource',
  // TensorRT-LLM.
  'cancelled',
  'canceled',
  'timeout',
  'failed',
  // Ollama: the model was only loaded, or unloaded; nothing was generated.
  'load',
  'unload',
]);

/** What the words of others mean in OpenAI's. */
const MEANINGS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  // Text Generation Inference.
  eos: 'stop',
  eos_token: 'stop',
  stop_sequence: 'stop',
  // Anthropic's words, and Cohere's and Gemini's, as some relays pass them on.
  end_turn: 'stop',
  complete: 'stop',
  length: 'length',
  // Mistral: the context window is full.
  model_length: 'length',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_calls: 'tool_calls',
  tool_use: 'tool_calls',
  // The deprecated form of a tool call.
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  // Zhipu's GLM.
  sensitive: 'content_filter',
  safety: 'content_filter',
  recitation: 'content_filter',
  prohibited_content: 'content_filter',
  blocklist: 'content_filter',
  refusal: 'content_filter',
};

/** The words of OpenAI itself, which its clients know. */
const OPENAI_WORDS = new Set(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']);

/** An upstream's word in OpenAI's; its own where nobody knows it. */
export function toOpenAiFinishWord(word: string): string {
  if (OPENAI_WORDS.has(word)) return word;
  const reason = parseFinishReason(word);
  return reason === 'other' ? word : reason;
}

/** An upstream's finish reason; nothing where its word says that there is none yet. */
export function finishWordIn(given: unknown): string | undefined {
  const value = isJsonObject(given) ? (given['type'] ?? given['reason']) : given;
  return typeof value === 'string' && !NOT_YET.has(value.toLowerCase()) ? value : undefined;
}

/** What an upstream's word for the end means: `other` for one that nobody knows. */
export function parseFinishReason(word: string): FinishReason {
  const known = word.toLowerCase();
  return Object.hasOwn(MEANINGS, known) ? MEANINGS[known]! : 'other';
}

/** The `upstream_cut` that an upstream's word for the end means, where it means that. */
export function failedFinish(word: string, backend: string): GatewayError | undefined {
  const known = word.toLowerCase();
  if (!FAILURES.has(known)) return undefined;
  return new GatewayError(
    'upstream_cut',
    `Backend "${backend}" gave its answer up before the end (finish reason "${known}").`,
  );
}
