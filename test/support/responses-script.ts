import type { JsonObject } from '../../src/contract/json.js';
import type { AnswerWire } from './answer-wire.js';
import type { UpstreamScript } from './scripted-upstream.js';
import { answers, UpstreamScripts } from './upstream-scripts.js';

export interface ResponsesAnswerOptions {
  readonly id?: string;
  readonly model?: string;
  /** Response headers, such as `x-request-id`. */
  readonly headers?: Record<string, string>;
  /** Why it is incomplete; absent: it is complete. */
  readonly finishReason?: string;
  /** Further fields of the response. */
  readonly fields?: JsonObject;
  /** What usage says at the end. */
  readonly counts?: JsonObject;
}

export const RESPONSES_STREAM_TYPE = 'text/event-stream; charset=utf-8';
export const RESPONSES_USAGE = {
  input_tokens: 9,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 12,
};

/** Scripts of a server with OpenAI's Responses API. */
class ResponsesScripts extends UpstreamScripts<ResponsesAnswerOptions> {
  /** A whole answer without streaming. */
  answersText(text: string, options: ResponsesAnswerOptions = {}): UpstreamScript {
    return answers(response([messageItem(text)], options), options.headers);
  }
}

export const responses = new ResponsesScripts((options) => new ResponsesWire(options ?? {}));

const MAX_REPEATED_CHARS = 256 * 1024;

class ResponsesWire implements AnswerWire {
  readonly contentType = RESPONSES_STREAM_TYPE;
  readonly headers: Record<string, string>;
  readonly #events = new ResponseEvents();
  #text = '';

  constructor(private readonly options: ResponsesAnswerOptions) {
    this.headers = options.headers ?? {};
  }

  opening(): string {
    return this.#events.frames(
      ...beginning(this.options),
      itemAdded(0, { ...messageItem(''), status: 'in_progress', content: [] }),
      partAdded('msg_1', 0),
    );
  }

  token(text: string): string {
    this.#text += text;
    return this.#events.frames(textDelta(text));
  }

  closing(): string {
    // No event may be so long: what says it again is left out then, as some servers do.
    if (this.#text.length > MAX_REPEATED_CHARS)
      return this.#events.frames(ending([], this.options));
    const item = messageItem(this.#text);
    return this.#events.frames(
      { type: 'response.output_text.done', ...TEXT_PLACE, text: this.#text, logprobs: [] },
      { type: 'response.content_part.done', ...TEXT_PLACE, part: textPart(this.#text) },
      itemDone(0, item),
      ending([item], this.options),
    );
  }

  error(error: unknown): string {
    return this.#events.frames({ type: 'error', error });
  }
}

/** Numbers the events of one stream. */
export class ResponseEvents {
  #next = 0;

  frames(...events: readonly JsonObject[]): string {
    return events
      .map(({ type, ...fields }) => frame({ type, sequence_number: this.#next++, ...fields }))
      .join('');
  }
}

/** A whole stream of these events, numbered. */
export function streamOf(...events: readonly JsonObject[]): string {
  return new ResponseEvents().frames(...events);
}

/** One event with its name in a line of its own, as OpenAI sends it. */
export function frame(event: JsonObject): string {
  return `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** The two events before any item. */
export function beginning(options: ResponsesAnswerOptions = {}): readonly JsonObject[] {
  const begun = {
    ...response([], options),
    status: 'in_progress',
    incomplete_details: null,
    completed_at: null,
    usage: null,
  };
  return [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
  ];
}

/** The last event. */
export function ending(
  output: readonly unknown[],
  options: ResponsesAnswerOptions = {},
): JsonObject {
  const whole = response(output, options);
  return { type: `response.${String(whole['status'])}`, response: whole };
}

export function itemAdded(index: number, item: JsonObject): JsonObject {
  return { type: 'response.output_item.added', output_index: index, item };
}

export function itemDone(index: number, item: JsonObject): JsonObject {
  return { type: 'response.output_item.done', output_index: index, item };
}

const TEXT_PLACE = { item_id: 'msg_1', output_index: 0, content_index: 0 };

export function partAdded(itemId: string, index: number, part: unknown = textPart('')): JsonObject {
  return {
    type: 'response.content_part.added',
    item_id: itemId,
    output_index: index,
    content_index: 0,
    part,
  };
}

export function textDelta(delta: unknown, itemId = 'msg_1', index = 0): JsonObject {
  return {
    type: 'response.output_text.delta',
    item_id: itemId,
    output_index: index,
    content_index: 0,
    delta,
    logprobs: [],
  };
}

export function argumentsDelta(delta: unknown, itemId: string, index: number): JsonObject {
  return {
    type: 'response.function_call_arguments.delta',
    item_id: itemId,
    output_index: index,
    delta,
  };
}

export function textPart(text: unknown): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

export function messageItem(text: unknown, id = 'msg_1'): JsonObject {
  return { id, type: 'message', status: 'completed', role: 'assistant', content: [textPart(text)] };
}

export function callItem(args: unknown, n = 1, name = 'sum'): JsonObject {
  return {
    id: `fc_${n}`,
    type: 'function_call',
    status: 'completed',
    call_id: `call_${n}`,
    name,
    arguments: args,
  };
}

/** A whole `response`. */
export function response(
  output: readonly unknown[],
  options: ResponsesAnswerOptions = {},
): JsonObject {
  const { finishReason: reason } = options;
  return {
    id: options.id ?? 'resp_1',
    object: 'response',
    created_at: 1_790_000_000,
    status: reason === undefined ? 'completed' : 'incomplete',
    completed_at: 1_790_000_001,
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    instructions: null,
    model: options.model ?? 'gpt-test',
    output,
    parallel_tool_calls: true,
    store: false,
    tools: [],
    usage: options.counts ?? RESPONSES_USAGE,
    ...options.fields,
  };
}
