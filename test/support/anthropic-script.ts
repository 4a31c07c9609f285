import type { JsonObject } from '../../src/contract/json.js';
import type { AnswerWire } from './answer-wire.js';
import type { UpstreamScript } from './scripted-upstream.js';
import { answers, UpstreamScripts } from './upstream-scripts.js';

export interface AnthropicAnswerOptions {
  readonly id?: string;
  readonly model?: string;
  /** Response headers, such as `request-id`. */
  readonly headers?: Record<string, string>;
  readonly finishReason?: string;
  /** Further fields of every event. */
  readonly fields?: JsonObject;
  /** What usage says at the end. */
  readonly counts?: JsonObject;
}

export const ANTHROPIC_STREAM_TYPE = 'text/event-stream; charset=utf-8';
export const ANTHROPIC_USAGE = { input_tokens: 9, output_tokens: 3 };

/** Scripts of a server of Anthropic's kind. */
class AnthropicScripts extends UpstreamScripts<AnthropicAnswerOptions> {
  /** A whole answer without streaming. */
  answersText(text: string, options: AnthropicAnswerOptions = {}): UpstreamScript {
    return answers(message([{ type: 'text', text }], options), options.headers);
  }
}

export const anthropic = new AnthropicScripts((options) => new AnthropicWire(options ?? {}));

class AnthropicWire implements AnswerWire {
  readonly contentType = ANTHROPIC_STREAM_TYPE;
  readonly headers: Record<string, string>;

  constructor(private readonly options: AnthropicAnswerOptions) {
    this.headers = options.headers ?? {};
  }

  opening(): string {
    return this.#event(messageStart(this.options)) + this.#event(blockStart(0));
  }

  token(text: string): string {
    return this.#event(textDelta(text));
  }

  closing(): string {
    const { finishReason, counts } = this.options;
    return [blockStop(0), messageDelta(finishReason, counts), MESSAGE_STOP]
      .map((event) => this.#event(event))
      .join('');
  }

  error(error: unknown): string {
    return anthropicEvent({ type: 'error', error });
  }

  #event(event: JsonObject): string {
    return anthropicEvent({ ...event, ...this.options.fields });
  }
}

/** An event with its name in a line of its own, as Anthropic sends it. */
export function anthropicEvent(event: JsonObject): string {
  return `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`;
}

export function messageStart(options: AnthropicAnswerOptions = {}): JsonObject {
  const usage = { input_tokens: 9, output_tokens: 1 };
  return {
    type: 'message_start',
    message: { ...message([], options), stop_reason: null, usage },
  };
}

export const TEXT_BLOCK = { type: 'text', text: '' };

export function blockStart(index: number, block: JsonObject = TEXT_BLOCK): JsonObject {
  return { type: 'content_block_start', index, content_block: block };
}

export function blockDelta(index: number, delta: JsonObject): JsonObject {
  return { type: 'content_block_delta', index, delta };
}

export function textDelta(text: unknown, index = 0): JsonObject {
  return blockDelta(index, { type: 'text_delta', text });
}

export function blockStop(index: number): JsonObject {
  return { type: 'content_block_stop', index };
}

export function messageDelta(
  stopReason = 'end_turn',
  usage: JsonObject = ANTHROPIC_USAGE,
): JsonObject {
  return {
    type: 'message_delta',
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage,
  };
}

export const MESSAGE_STOP = { type: 'message_stop' };

/** A whole `message`. */
export function message(
  content: readonly unknown[],
  options: AnthropicAnswerOptions = {},
): JsonObject {
  return {
    id: options.id ?? 'msg_1',
    type: 'message',
    role: 'assistant',
    model: options.model ?? 'claude-test',
    content,
    stop_reason: options.finishReason ?? 'end_turn',
    stop_sequence: null,
    usage: options.counts ?? ANTHROPIC_USAGE,
    ...options.fields,
  };
}

/** Anthropic's error body. */
export function anthropicError(errorMessage: string, type = 'api_error'): JsonObject {
  return { type: 'error', error: { type, message: errorMessage }, request_id: 'req_1' };
}
