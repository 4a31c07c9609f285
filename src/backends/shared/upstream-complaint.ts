import { defined, isJsonObject, stringOr } from '../../contract/json.js';
import type { UpstreamComplaint } from './upstream-fault.js';
import type { UpstreamSettings } from './upstream-settings.js';

/** An error body as text, in any of the shapes that OpenAI-compatible servers and Ollama give it. */
export function complaintOf(body: string, secrets: readonly string[]): UpstreamComplaint {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return {};
  }
  if (!isJsonObject(json)) return {};
  // OpenAI: {error: {…}}; Ollama: {error: "…"}; older vLLM: the fields at top level; FastAPI: {detail: "…"}.
  return complaintIn(json['error'] ?? json, secrets);
}

/**
 * The value of an `error` field, in a body or within a stream.
 * @param secrets what an upstream may quote of ours: its words may reach the caller
 */
export function complaintIn(error: unknown, secrets: readonly string[]): UpstreamComplaint {
  if (typeof error === 'string') return { message: without(secrets, error) };
  if (!isJsonObject(error)) return {};
  const { code } = error;
  const message = stringOr(error['message'], stringOr(error['detail'], undefined));
  return defined({
    message: message === undefined ? undefined : without(secrets, message),
    // OpenRouter, vLLM and llama.cpp put the HTTP status here.
    status: typeof code === 'number' && code >= 400 && code <= 599 ? code : undefined,
    code: stringOr(code, undefined),
    type: stringOr(error['type'], undefined),
    param: stringOr(error['param'], undefined),
  });
}

/** Shorter values are words that any sentence may have (`preview`, `true`), not keys. */
const MIN_SECRET_CHARS = 8;

/** What we send to an upstream besides requests, and no caller may see: the key may be in any of it. */
export function secretsOf({ apiKey = '', headers, query }: UpstreamSettings): readonly string[] {
  const values = [...Object.values(headers ?? {}), ...Object.values(query ?? {})];
  const keys = values.filter((value) => value.length >= MIN_SECRET_CHARS);
  return apiKey === '' ? keys : [apiKey, ...keys];
}

function without(secrets: readonly string[], text: string): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '[key]'), text);
}
