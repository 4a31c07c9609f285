import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import type { Usage } from '../../../contract/stream-event.js';

/** What the answer to a request for a Response depends on. */
export interface ResponsesOptions {
  /** The fields of the request that its Response says again. */
  readonly echo: JsonObject;
  /** The caller asked for `reasoning.encrypted_content`. */
  readonly sealsReasoning: boolean;
  /** Longest answer that a stream keeps, to say it again at its end. */
  readonly maxOutputBytes: number;
}

/** Fields that a Response says again, and what they are where the request does not say them. */
const ECHOED = {
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  parallel_tool_calls: true,
  prompt_cache_key: null,
  safety_identifier: null,
  temperature: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  tool_choice: 'auto',
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
  user: null,
  metadata: {},
} as const;

/** What may be said again, three times in a stream: tools and instructions may be megabytes. */
const MAX_ECHO_CHARS = 64 * 1024;

/** What its Response says of a request. Strict clients take every one of these fields for granted. */
export function echoOf(body: JsonObject): JsonObject {
  const echo = allOf(body);
  return JSON.stringify(echo).length <= MAX_ECHO_CHARS ? echo : allOf({});
}

function allOf(body: JsonObject): JsonObject {
  const echoed = Object.entries(ECHOED).map(([name, absent]) => [name, body[name] ?? absent]);
  const { reasoning, text, tools } = body;
  return {
    ...(Object.fromEntries(echoed) as JsonObject),
    previous_response_id: null,
    reasoning: { effort: null, summary: null, ...(isJsonObject(reasoning) && reasoning) },
    service_tier: 'default',
    // Whatever was asked: nothing is kept.
    store: false,
    background: false,
    text: { format: { type: 'text' }, ...(isJsonObject(text) && text) },
    tools: Array.isArray(tools) ? (tools as unknown[]).map(toTool) : [],
  };
}

/** With all fields that a function has, as OpenAI says it again. */
function toTool(tool: unknown): unknown {
  if (!isJsonObject(tool) || tool['type'] !== 'function') return tool;
  return { description: null, parameters: null, strict: null, ...tool };
}

/** What becomes of a Response. */
export interface ResponseState {
  readonly id: string;
  readonly createdAt: number;
  readonly model: string;
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  readonly output?: readonly JsonObject[];
  readonly usage?: Usage | undefined;
  /** Why it is `incomplete`. */
  readonly reason?: 'max_output_tokens' | 'content_filter' | undefined;
  /** Why it `failed`. */
  readonly error?: JsonObject | undefined;
}

/** @see https://platform.openai.com/docs/api-reference/responses/object */
export function responseObject(echo: JsonObject, state: ResponseState): JsonObject {
  const { id, createdAt, model, status, output = [], usage, reason, error = null } = state;
  return {
    id,
    object: 'response',
    created_at: createdAt,
    completed_at: status === 'completed' ? Math.max(createdAt, nowInSeconds()) : null,
    status,
    error,
    incomplete_details: reason === undefined ? null : { reason },
    model,
    output,
    ...echo,
    usage: toResponsesUsage(usage),
  };
}

export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** `null` where the upstream counted nothing: a made-up 0 would be billed as one. */
function toResponsesUsage(usage: Usage | undefined): JsonObject | null {
  const { input, output, cachedInput = 0, cacheWrite, reasoning = 0 } = usage ?? {};
  if (input === undefined && output === undefined) return null;
  return {
    input_tokens: input ?? 0,
    input_tokens_details: {
      cached_tokens: cachedInput,
      ...(cacheWrite !== undefined && { cache_write_tokens: cacheWrite }),
    },
    output_tokens: output ?? 0,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: (input ?? 0) + (output ?? 0),
  };
}
