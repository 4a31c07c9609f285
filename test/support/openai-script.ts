import { isJsonObject, type JsonObject } from '../../src/contract/json.js';
import type { UpstreamRequest, UpstreamScript } from './scripted-upstream.js';
import type { AnswerWire } from './answer-wire.js';
import { answers, UpstreamScripts } from './upstream-scripts.js';

export interface OpenAiAnswerOptions {
  readonly id?: string;
  readonly model?: string;
  /** Response headers, such as `x-request-id`. */
  readonly headers?: Record<string, string>;
  /** Fields of every event, such as `system_fingerprint` or `service_tier`. */
  readonly fields?: JsonObject;
  /** `false`: no first event with only the role. */
  readonly role?: boolean;
  readonly finishReason?: string;
  /** `asked` (default): a usage event if the request asked for one, as OpenAI does. */
  readonly usage?: 'asked' | 'own-event' | 'on-finish' | 'none';
  /** What usage says. */
  readonly counts?: JsonObject;
  /** `false`: the stream ends without `[DONE]`. */
  readonly done?: boolean;
  /** Log probabilities with every token. */
  readonly logprobs?: boolean;
  readonly lineEnd?: '\n' | '\r\n';
  /** A comment line before every event. */
  readonly comments?: boolean;
}

export const OPENAI_STREAM_TYPE = 'text/event-stream; charset=utf-8';
export const OPENAI_USAGE = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const CREATED = 1_760_000_000;

/** Scripts of an OpenAI-compatible server. */
class OpenAiScripts extends UpstreamScripts<OpenAiAnswerOptions> {
  /** A whole answer without streaming. */
  answersText(text: string, options: OpenAiAnswerOptions = {}): UpstreamScript {
    return answers(completion(text, options), options.headers);
  }
}

export const openAi = new OpenAiScripts(
  (options, request) => new OpenAiWire(options ?? {}, request),
);

class OpenAiWire implements AnswerWire {
  readonly contentType = OPENAI_STREAM_TYPE;
  readonly headers: Record<string, string>;

  constructor(
    private readonly options: OpenAiAnswerOptions,
    private readonly request: UpstreamRequest,
  ) {
    this.headers = options.headers ?? {};
  }

  opening(): string {
    return this.options.role === false ? '' : this.#event(roleChunk(this.options));
  }

  token(text: string): string {
    return this.#event(contentChunk(text, this.options));
  }

  closing(): string {
    const { usage = 'asked', done = true, counts = OPENAI_USAGE } = this.options;
    const ownEvent = usage === 'own-event' || (usage === 'asked' && asksForUsage(this.request));
    return [
      this.#event({
        ...finishChunk(this.options),
        ...(usage === 'on-finish' && { usage: counts }),
      }),
      ownEvent ? this.#event(usageChunk(counts, this.options)) : '',
      done ? this.#event('[DONE]') : '',
    ].join('');
  }

  error(error: unknown): string {
    return this.#event({ error });
  }

  #event(data: unknown): string {
    const { comments, lineEnd = '\n' } = this.options;
    return (comments ? `: keep-alive${lineEnd}` : '') + sse(data, lineEnd);
  }
}

/** One event: `data` as JSON, or a string such as `[DONE]` as it is. */
export function sse(data: unknown, lineEnd = '\n'): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}${lineEnd}${lineEnd}`;
}

/** An event with this delta in its one choice. */
export function deltaChunk(
  delta: JsonObject,
  options: OpenAiAnswerOptions = {},
  choice: JsonObject = {},
): JsonObject {
  return chunk([{ index: 0, delta, finish_reason: null, ...choice }], options);
}

export function roleChunk(options?: OpenAiAnswerOptions): JsonObject {
  return deltaChunk({ role: 'assistant', content: '' }, options);
}

export function contentChunk(text: string, options?: OpenAiAnswerOptions): JsonObject {
  const logprobs = { content: [{ token: text, logprob: -0.1, bytes: null, top_logprobs: [] }] };
  return deltaChunk({ content: text }, options, options?.logprobs ? { logprobs } : {});
}

/** DeepSeek's, vLLM's and SGLang's word for thinking. */
export function reasoningChunk(text: string, options?: OpenAiAnswerOptions): JsonObject {
  return deltaChunk({ reasoning_content: text }, options);
}

/** The first piece of a tool call. */
export function toolCallChunk(
  index: number,
  id: string,
  name: string,
  options?: OpenAiAnswerOptions,
): JsonObject {
  const call = { index, id, type: 'function', function: { name, arguments: '' } };
  return deltaChunk({ tool_calls: [call] }, options);
}

/** A later piece of a tool call. */
export function toolArgumentsChunk(
  index: number,
  fragment: string,
  options?: OpenAiAnswerOptions,
): JsonObject {
  return deltaChunk({ tool_calls: [{ index, function: { arguments: fragment } }] }, options);
}

export function finishChunk(options: OpenAiAnswerOptions = {}): JsonObject {
  return deltaChunk({}, options, { finish_reason: options.finishReason ?? 'stop' });
}

export function usageChunk(usage: JsonObject, options?: OpenAiAnswerOptions): JsonObject {
  return { ...chunk([], options), usage };
}

/** A `chat.completion`. */
export function completion(text: string, options: OpenAiAnswerOptions = {}): JsonObject {
  const message = { role: 'assistant', content: text, refusal: null };
  return {
    ...head('chat.completion', options),
    choices: [{ index: 0, message, logprobs: null, finish_reason: options.finishReason ?? 'stop' }],
    usage: options.counts ?? OPENAI_USAGE,
  };
}

/** A `chat.completion` of any message. */
export function completionWith(message: JsonObject, finishReason = 'tool_calls'): JsonObject {
  const whole = { role: 'assistant', refusal: null, ...message };
  return {
    ...head('chat.completion', {}),
    choices: [{ index: 0, message: whole, logprobs: null, finish_reason: finishReason }],
    usage: OPENAI_USAGE,
  };
}

/** OpenAI's error body. */
export function openAiError(
  message: string,
  { type = 'server_error', code = null, param = null }: ErrorFields = {},
): JsonObject {
  return { error: { message, type, code, param } };
}

interface ErrorFields {
  readonly type?: string;
  readonly code?: string | null;
  readonly param?: string | null;
}

function chunk(choices: readonly JsonObject[], options: OpenAiAnswerOptions = {}): JsonObject {
  return { ...head('chat.completion.chunk', options), choices };
}

function head(object: string, { id, model, fields }: OpenAiAnswerOptions): JsonObject {
  return {
    id: id ?? 'chatcmpl-1',
    object,
    created: CREATED,
    model: model ?? 'gpt-test',
    ...fields,
  };
}

function asksForUsage({ body }: UpstreamRequest): boolean {
  const options = body['stream_options'];
  return isJsonObject(options) && options['include_usage'] === true;
}
