import { GatewayError } from '../../../contract/gateway-error.js';
import type { GenerationRecord } from '../../../contract/generation.js';
import { type JsonObject, numberOr, stringOr } from '../../../contract/json.js';
import type {
  EndPart,
  NativeEvent,
  StartPart,
  StreamEvent,
  StreamPart,
} from '../../../contract/stream-event.js';
import type { FailureInfo, StreamEncoder } from '../dialect.js';
import { ContentBlocks, frame } from './content-blocks.js';
import { toAnthropicError } from './errors.js';
import { toTextOfImage } from '../text-of-image.js';
import { stopFields, toAnthropicUsage } from './vocabulary.js';

const PING = frame({ type: 'ping' });

/**
 * Events of one stream to the frames of a streamed Message.
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 *
 * Every frame names its event: without, Anthropic's SDKs see none. Native events are passed on for
 * as long as their numbering of blocks is the caller's; what is built goes on where they stopped.
 */
export class MessagesEncoder implements StreamEncoder<string> {
  readonly #blocks = new ContentBlocks();
  #start: StartPart | undefined;
  #isStarted = false;
  /** It was begun by an upstream of its own dialect. */
  #isNative = false;
  /** An upstream's word that it is done, which content may follow yet. */
  #finish: string[] = [];
  #isRefused = false;

  constructor(private readonly record: GenerationRecord) {}

  encode({ parts, native }: StreamEvent, frames: string[]): void {
    for (const part of parts) if (part.type === 'start') this.#start = part;
    if (native?.dialect === 'messages' && this.#passes(native.event)) {
      this.#pass(native, frames);
      const last = parts.at(-1);
      if (last?.type === 'end') this.#end(last, frames);
      return;
    }
    const isOpaque = native?.dialect === 'messages' && parts.some(({ type }) => type === 'opaque');
    if (isOpaque) throw cannotBeRebuilt();
    for (const part of parts) this.#build(part, frames);
  }

  /** Anthropic's own: its clients skip it wherever it comes. */
  heartbeat(): string {
    return PING;
  }

  failureFrame(error: GatewayError, about: FailureInfo): string {
    return frame(toAnthropicError(error, about));
  }

  /** An answer that was taken up by another attempt has blocks of another numbering behind the break. */
  #passes({ type }: JsonObject): boolean {
    if (this.record.recoveries.length > 0) return false;
    if (type === 'message_start' && !this.#isStarted) this.#isNative = true;
    return this.#isNative;
  }

  #pass({ event, text }: NativeEvent, frames: string[]): void {
    const { type, index } = event;
    switch (type) {
      case 'message_start':
        this.#isStarted = true;
        break;
      case 'content_block_start':
        this.#finish = [];
        this.#blocks.passedStart(numberOr(index, 0), event['content_block']);
        break;
      case 'content_block_delta':
        this.#finish = [];
        break;
      case 'content_block_stop':
        this.#blocks.passedStop();
        break;
      case 'message_delta':
        this.#finish.push(frameOf(event, text));
        return;
      // Written once all else is.
      case 'message_stop':
        return;
    }
    frames.push(frameOf(event, text));
  }

  #build(part: StreamPart, frames: string[]): void {
    if (part.type === 'start' || part.type === 'opaque') return;
    this.#begin(frames);
    if (part.type !== 'end') this.#finish = [];
    switch (part.type) {
      case 'text-delta':
        return this.#blocks.text(part.text, frames);
      case 'refusal-delta':
        this.#isRefused = true;
        return this.#blocks.text(part.text, frames);
      case 'image-delta':
        return this.#blocks.text(toTextOfImage(part.url), frames);
      case 'reasoning-delta':
        return this.#blocks.thinking(part, frames);
      case 'tool-call-delta':
        return this.#blocks.toolUse(part, frames);
      case 'end':
        return this.#end(part, frames);
    }
  }

  #begin(frames: string[]): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const message = {
      id: this.#start?.id ?? this.record.id,
      type: 'message',
      role: 'assistant',
      model: this.#start?.model ?? this.record.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      // Counted when it ends: its clients take the counts of `message_delta`.
      usage: toAnthropicUsage(undefined),
    };
    frames.push(frame({ type: 'message_start', message }));
  }

  #end({ reason, rawReason, usage }: EndPart, frames: string[]): void {
    this.#blocks.close(frames);
    frames.push(...this.#finish);
    if (this.#finish.length === 0) {
      const delta = stopFields(reason, rawReason, this.#isRefused);
      frames.push(frame({ type: 'message_delta', delta, usage: toAnthropicUsage(usage) }));
    }
    frames.push(frame({ type: 'message_stop' }));
  }
}

/** As it came, where that is one line. */
function frameOf(event: JsonObject, text: string | undefined): string {
  if (text === undefined || text.includes('\n')) return frame(event);
  return `event: ${stringOr(event['type'], '')}\ndata: ${text}\n\n`;
}

function cannotBeRebuilt(): GatewayError {
  return new GatewayError(
    'upstream_protocol',
    'The answer went on with content that cannot be joined to its beginning.',
  );
}
