import type { JsonObject } from '../../src/contract/json.js';
import type { UpstreamScript } from './scripted-upstream.js';
import type { AnswerWire } from './answer-wire.js';
import { answers, UpstreamScripts } from './upstream-scripts.js';

export interface OllamaAnswerOptions {
  readonly model?: string;
  /** Response headers, such as a proxy's `x-request-id`. */
  readonly headers?: Record<string, string>;
  readonly doneReason?: string;
  /** `false`: the last line has no token counts. */
  readonly counts?: boolean;
  readonly lineEnd?: '\n' | '\r\n';
  /** Further fields of every line. */
  readonly fields?: JsonObject;
}

export const OLLAMA_STREAM_TYPE = 'application/x-ndjson';
export const OLLAMA_COUNTS = { prompt_eval_count: 9, eval_count: 3 };
const CREATED_AT = '2026-01-01T00:00:00.1Z';

/** Scripts of an Ollama server. */
class OllamaScripts extends UpstreamScripts<OllamaAnswerOptions> {
  /** A whole answer without streaming. */
  answersText(text: string, options: OllamaAnswerOptions = {}): UpstreamScript {
    return answers(doneLine(options, text), options.headers);
  }
}

export const ollama = new OllamaScripts((options) => new OllamaWire(options ?? {}));

class OllamaWire implements AnswerWire {
  readonly contentType = OLLAMA_STREAM_TYPE;
  readonly headers: Record<string, string>;

  constructor(private readonly options: OllamaAnswerOptions) {
    this.headers = options.headers ?? {};
  }

  opening(): string {
    return '';
  }

  token(text: string): string {
    return this.#line(messageLine({ content: text }, this.options));
  }

  closing(): string {
    return this.#line(doneLine(this.options));
  }

  error(error: unknown): string {
    return this.#line({ error });
  }

  #line(json: JsonObject): string {
    return ndjson(json, this.options.lineEnd);
  }
}

export function ndjson(json: unknown, lineEnd = '\n'): string {
  return JSON.stringify(json) + lineEnd;
}

/** A line with a piece of the message: `{content}`, `{thinking}` or `{tool_calls}`. */
export function messageLine(message: JsonObject, options: OllamaAnswerOptions = {}): JsonObject {
  return { ...head(options), message: { role: 'assistant', content: '', ...message }, done: false };
}

/** Ollama gives every call whole, its arguments as an object, and no id. */
export function toolCallsLine(
  calls: readonly { readonly name: string; readonly arguments: JsonObject }[],
  options?: OllamaAnswerOptions,
): JsonObject {
  return messageLine({ tool_calls: calls.map((call) => ({ function: call })) }, options);
}

/** The last line of a stream; with `text` it is a whole answer without streaming. */
export function doneLine(options: OllamaAnswerOptions = {}, text = ''): JsonObject {
  return {
    ...head(options),
    message: { role: 'assistant', content: text },
    done: true,
    done_reason: options.doneReason ?? 'stop',
    total_duration: 5_191_566_416,
    load_duration: 2_154_458,
    ...(options.counts !== false && OLLAMA_COUNTS),
    prompt_eval_duration: 383_809_000,
    eval_duration: 4_799_921_000,
  };
}

function head(options: OllamaAnswerOptions): JsonObject {
  return { model: options.model ?? 'llama-test', created_at: CREATED_AT, ...options.fields };
}
