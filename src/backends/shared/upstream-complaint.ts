import { defined, isJsonObject, stringOr } from '../../contract/json.js';
import type { UpstreamComplaint } from './upstream-fault.js';

/** An error body as text, in any of the shapes that OpenAI-compatible servers and Ollama give it. */
export function complaintOf(body: string, apiKey: string | undefined): UpstreamComplaint {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return {};
  }
  if (!isJsonObject(json)) return {};
  // OpenAI: {error: {…}}; Ollama: {error: "…"}; older vLLM: the fields at top level; FastAPI: {detail: "…"}.
  return complaintIn(json['error'] ?? json, apiKey);
}

/**
 * The value of an `error` field, in a body or within a stream.
 * @param apiKey our key, which an upstream may quote: its words may reach the caller
 */
export function complaintIn(error: unknown, apiKey: string | undefined): UpstreamComplaint {
  if (typeof error === 'string') return { message: without(apiKey, error) };
  if (!isJsonObject(error)) return {};
  const { code } = error;
  const message = stringOr(error['message'], stringOr(error['detail'], undefined));
  return defined({
    message: message === undefined ? undefined : without(apiKey, message),
    // OpenRouter, vLLM and llama.cpp put the HTTP status here.
    status: typeof code === 'number' && code >= 400 && code <= 599 ? code : undefined,
    code: stringOr(code, undefined),
    type: stringOr(error['type'], undefined),
    param: stringOr(error['param'], undefined),
  });
}

function without(apiKey: string | undefined, text: string): string {
  return apiKey ? text.replaceAll(apiKey, '[key]') : text;
}
