import type { JsonObject } from '../../src/contract/json.js';
import type { AnswerWire } from './answer-wire.js';
import type { UpstreamScript } from './scripted-upstream.js';
import { answers, UpstreamScripts } from './upstream-scripts.js';

export interface ResponsesAnswerOptions {
  readonly headers?: Record<string, string>;
  /** OpenAI's word for it, as Chat Completions has it. */
  readonly finishReason?: string;
  /** Further fields of every event. */
  readonly fields?: JsonObject;
  /** What usage says at the end. */
  readonly counts?: JsonObject;
}

export const RESPONSES_STREAM_TYPE = 'text/event-stream; charset=utf-8';
export const RESPONSES_USAGE = {
  input_tokens: 9,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 12,
};

/** Scripts of a server that speaks OpenAI's Responses, as OpenAI writes them. */
class ResponsesScripts extends UpstreamScripts<ResponsesAnswerOptions> {
  /** A whole answer without streaming. */
  answersText(text: string, options: ResponsesAnswerOptions = {}): UpstreamScript {
    return answers(responseOf([messageOf(text)], options), options.headers);
  }
}

export const responsesApi = new ResponsesScripts((options) => new ResponsesWire(options ?? {}));

/** One message of text, event by event. */
class ResponsesWire implements AnswerWire {
  readonly contentType = RESPONSES_STREAM_TYPE;
  readonly headers: Record<string, string>;
  #next = 0;
  #text = '';

  constructor(private readonly options: ResponsesAnswerOptions) {
    this.headers = options.headers ?? {};
  }

  opening(): string {
    const response = { ...responseOf([]), status: 'in_progress', usage: null };
    const item = { ...messageOf(''), status: 'in_progress', content: [] };
    return [
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
      { type: 'response.output_item.added', output_index: 0, item },
      { type: 'response.content_part.added', ...AT, part: partOf('') },
    ]
      .map((event) => this.#event(event))
      .join('');
  }

  token(text: string): string {
    this.#text += text;
    return this.#event(textDelta(text));
  }

  closing(): string {
    // Of a very long text it says no more: one event would be larger than what tests allow.
    const text = this.#text.length > 256 * 1024 ? '' : this.#text;
    const item = messageOf(text);
    const response = responseOf([item], this.options);
    const { status } = response;
    return [
      { type: 'response.output_text.done', ...AT, text, logprobs: [] },
      { type: 'response.content_part.done', ...AT, part: partOf(text) },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: `response.${String(status)}`, response },
    ]
      .map((event) => this.#event(event))
      .join('');
  }

  error(error: unknown): string {
    return this.#event({ type: 'error', error });
  }

  #event(event: JsonObject): string {
    return responsesEvent({ sequence_number: this.#next++, ...event, ...this.options.fields });
  }
}

const AT = { item_id: 'msg_1', output_index: 0, content_index: 0 };

export function textDelta(text: unknown): JsonObject {
  return { type: 'response.output_text.delta', ...AT, delta: text, logprobs: [] };
}

/** An event with its name in a line of its own, as OpenAI sends it. */
export function responsesEvent(event: JsonObject): string {
  return `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`;
}

export function messageOf(text: unknown): JsonObject {
  const content = [partOf(text)];
  return { id: 'msg_1', type: 'message', status: 'completed', role: 'assistant', content };
}

function partOf(text: unknown): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

/** A whole `response`. */
export function responseOf(
  output: readonly JsonObject[],
  { finishReason, counts = RESPONSES_USAGE }: ResponsesAnswerOptions = {},
): JsonObject {
  return {
    id: 'resp_upstream',
    object: 'response',
    created_at: 1_790_000_000,
    ...statusOf(finishReason),
    error: null,
    model: 'gpt-test',
    output,
    store: false,
    usage: counts,
  };
}

function statusOf(finishReason: string | undefined): JsonObject {
  switch (finishReason) {
    case undefined:
    case 'stop':
    case 'tool_calls':
      return { status: 'completed', incomplete_details: null };
    case 'length':
      return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    default:
      return { status: 'incomplete', incomplete_details: { reason: finishReason } };
  }
}
