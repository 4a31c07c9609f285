import { isJsonObject, type JsonObject, numberOr } from '../../../contract/json.js';
import type { GatewayError } from '../../../contract/gateway-error.js';
import type {
  FinishReason,
  NativeEvent,
  StreamEvent,
  StreamPart,
  Usage,
} from '../../../contract/stream-event.js';
import type { FailureInfo, StreamEncoder } from '../dialect.js';
import { toOpenAiError } from '../openai-shared/errors.js';
import { toOpenAiFinishReason, toOpenAiImage, toOpenAiUsage } from './vocabulary.js';

/** How an event ends whose usage is yet to come; a caller that did not ask for usage must not see it. */
const NO_USAGE = ',"usage":null}';

/**
 * Events of one stream to the frames of a streamed Chat Completion.
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 *
 * A native event is passed on, any other is built from its parts. A stream may go from one to the
 * other, so what was passed counts for what is built after it.
 */
export class ChatCompletionEncoder implements StreamEncoder<string> {
  #created = Math.floor(Date.now() / 1000);
  #id = '';
  #model = '';
  #roleWritten = false;
  #finishWritten = false;
  /** The upstream's usage event, or the event that its usage came on. */
  #usageEvent: JsonObject | undefined;

  /** @param includeUsage the caller asked for the usage event */
  constructor(private readonly includeUsage: boolean) {}

  encode({ parts, native }: StreamEvent, frames: string[]): void {
    for (const part of parts) this.#note(part);
    if (native?.dialect === 'chat-completions') push(frames, this.#encodeNative(native));
    else for (const part of parts) push(frames, this.#build(part));
  }

  #note(part: StreamPart): void {
    if (part.type === 'start') {
      this.#id = part.id;
      this.#model = part.model;
    } else if (part.type !== 'end') {
      // A reason that content follows was not the last word; the end says the one that was.
      this.#finishWritten = false;
    }
  }

  /** The last frame of a stream that failed: in `data`, without `event:`, where every SDK looks for it. */
  failureFrame(error: GatewayError, about: FailureInfo): string {
    return frame(toOpenAiError(error, about));
  }

  /** A comment: every SSE client skips it. */
  heartbeat(): string {
    return ': heartbeat\n\n';
  }

  #encodeNative({ event, text }: NativeEvent): string {
    const choices = event['choices'];
    const hasChoice = Array.isArray(choices) && choices.length > 0;
    if (isJsonObject(event['usage'])) {
      this.#usageEvent = event;
      // It is written at the very end, where OpenAI has it, and only if the caller asked for it.
      if (!hasChoice) return '';
    }
    const isFirst = hasChoice && !this.#roleWritten;
    if (hasChoice) this.#noteWritten(event, choices[0]);
    if (isFirst && lacksRole(choices[0])) return this.#rewritten(withRole(event), null);
    return (text && this.#unchanged(event, text)) ?? this.#rewritten(event, null);
  }

  /** The event as it came, where nothing in it has to change; most of a stream are such. */
  #unchanged(event: JsonObject, text: string): string | undefined {
    const { id, model, created, usage } = event;
    const isOurs = id === this.#id && model === this.#model && created === this.#created;
    // Data of several lines would have to be framed line by line.
    if (!isOurs || !this.#roleWritten || text.includes('\n')) return undefined;
    if (this.includeUsage ? usage === null : usage === undefined) return `data: ${text}\n\n`;
    // OpenAI has it last: nothing within the event can end like this.
    if (usage !== null || !text.endsWith(NO_USAGE)) return undefined;
    return `data: ${text.slice(0, -NO_USAGE.length)}}\n\n`;
  }

  /** What has been written need not be written again by what is built. */
  #noteWritten(event: JsonObject, choice: unknown): void {
    if (!this.#roleWritten) this.#created = numberOr(event['created'], this.#created);
    this.#roleWritten = true;
    if (isFinished(choice)) this.#finishWritten = true;
  }

  #rewritten({ usage: _, ...event }: JsonObject, usage: unknown): string {
    return frame({
      ...event,
      id: this.#id,
      model: this.#model,
      // What two upstreams made has one time, too. Azure's verdict on the prompt, at the very
      // beginning, keeps its own.
      ...(this.#roleWritten && { created: this.#created }),
      ...(this.includeUsage && { usage }),
    });
  }

  #build(part: StreamPart): string {
    switch (part.type) {
      case 'text-delta':
        return this.#delta({ content: part.text });
      case 'reasoning-delta':
        // A signature has no text, and no place here.
        return part.text === '' ? '' : this.#delta({ reasoning_content: part.text });
      case 'refusal-delta':
        return this.#delta({ refusal: part.text });
      case 'image-delta':
        return this.#delta({ images: [toOpenAiImage(part.url)] });
      case 'tool-call-delta': {
        const { index, id, name, arguments: args } = part;
        const call = { index, ...(id && { id, type: 'function' }) };
        return this.#delta({
          tool_calls: [{ ...call, function: { ...(name && { name }), arguments: args } }],
        });
      }
      case 'end':
        return this.#end(part.reason, part.usage);
      case 'start':
      case 'opaque':
        return '';
    }
  }

  #delta(delta: JsonObject): string {
    const role = this.#roleWritten ? {} : { role: 'assistant' };
    this.#roleWritten = true;
    return this.#choice({ ...role, ...delta }, null);
  }

  #choice(delta: JsonObject, finishReason: string | null): string {
    return this.#chunk([{ index: 0, delta, logprobs: null, finish_reason: finishReason }], null);
  }

  #chunk(choices: readonly JsonObject[], usage: JsonObject | null): string {
    return frame({
      id: this.#id,
      object: 'chat.completion.chunk',
      created: this.#created,
      model: this.#model,
      choices,
      ...(this.includeUsage && { usage }),
    });
  }

  #end(reason: FinishReason, usage: Usage | undefined): string {
    const finish = this.#finishWritten ? '' : this.#choice({}, toOpenAiFinishReason(reason));
    return `${finish}${this.includeUsage ? this.#usage(usage) : ''}data: [DONE]\n\n`;
  }

  #usage(usage: Usage | undefined): string {
    const event = this.#usageEvent;
    // The upstream's own object has details that Sluice does not model, but it may be the count of
    // one attempt among several.
    if (event && saysAll(event['usage'], usage)) {
      return this.#rewritten({ ...event, choices: [] }, event['usage']);
    }
    const counts = toOpenAiUsage(usage);
    return counts ? this.#chunk([], counts) : '';
  }
}

function push(frames: string[], text: string): void {
  if (text !== '') frames.push(text);
}

function frame(event: object): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** Older servers say no role at all, and OpenAI's own `.stream()` throws for an answer without. */
function lacksRole(choice: unknown): boolean {
  const delta = isJsonObject(choice) ? choice['delta'] : undefined;
  return isJsonObject(delta) && delta['role'] == null;
}

function withRole(event: JsonObject): JsonObject {
  const [first, ...others] = event['choices'] as readonly JsonObject[];
  const delta = { role: 'assistant', ...(first!['delta'] as JsonObject) };
  return { ...event, choices: [{ ...first, delta }, ...others] };
}

function isFinished(choice: unknown): boolean {
  return isJsonObject(choice) && Boolean(choice['finish_reason']);
}

/** Whether what an upstream counted is what the end of the stream says of it. */
function saysAll(counted: unknown, usage: Usage = {}): boolean {
  if (!isJsonObject(counted)) return false;
  const { prompt_tokens_details: prompt, completion_tokens_details: completion } = counted;
  return (
    numberOr(counted['prompt_tokens'], undefined) === usage.input &&
    numberOr(counted['completion_tokens'], undefined) === usage.output &&
    detail(prompt, 'cached_tokens') === usage.cachedInput &&
    detail(completion, 'reasoning_tokens') === usage.reasoning
  );
}

function detail(details: unknown, name: string): number | undefined {
  return isJsonObject(details) ? numberOr(details[name], undefined) : undefined;
}
