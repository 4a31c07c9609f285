import { GatewayError } from '../../../contract/gateway-error.js';
import type { GenerationRecord } from '../../../contract/generation.js';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type {
  EndPart,
  NativeEvent,
  StartPart,
  StreamEvent,
  StreamPart,
} from '../../../contract/stream-event.js';
import type { FailureInfo, StreamEncoder } from '../dialect.js';
import { toOpenAiError } from '../openai-shared/errors.js';
import { toTextOfImage } from '../text-of-image.js';
import { responseError } from './errors.js';
import { Frames } from './frames.js';
import { Output } from './output.js';
import {
  nowInSeconds,
  responseObject,
  type ResponsesOptions,
  type ResponseState,
} from './response-object.js';
import { statusOf } from './vocabulary.js';

/** OpenAI's own for long silence. Codex counts events, and comments are none to it. */
const KEEPALIVE_EVERY_MS = 60_000;

const COMMENT = ': keepalive\n\n';

/** Events that open a stream: ours may be out already, where its status did not wait for content. */
const OPENING = new Set(['response.created', 'response.queued', 'response.in_progress']);

/**
 * Events of one stream to the frames of a streamed Response.
 * @see https://platform.openai.com/docs/api-reference/responses-streaming
 *
 * Native events are passed on, with our number where theirs is another. What is built is built of
 * parts; a stream that was begun natively cannot go on so, because nothing of it is kept.
 */
export class ResponsesEncoder implements StreamEncoder<string> {
  readonly #out = new Frames();
  readonly #output: Output;
  /** Ours, or where an upstream's own events open the stream, theirs. */
  #id: string;
  readonly #createdAt = nowInSeconds();
  #start: StartPart | undefined;
  #isCreated = false;
  /** Its content comes from an upstream of its own dialect. */
  #isNative = false;
  /** It was opened by us, before that was known. */
  #isOpenedByUs = false;
  #keptAliveMs = 0;

  constructor(
    private readonly options: ResponsesOptions,
    private readonly record: GenerationRecord,
  ) {
    const base = record.id.replaceAll('-', '');
    this.#id = `resp_${base}`;
    const { sealsReasoning, maxOutputBytes } = options;
    this.#output = new Output(this.#out, base, sealsReasoning, maxOutputBytes);
  }

  encode({ parts, native }: StreamEvent, frames: string[]): void {
    this.#keptAliveMs = 0;
    for (const part of parts) if (part.type === 'start') this.#start = part;
    if (native?.dialect === 'responses' && this.record.recoveries.length === 0) {
      return this.#pass(native, frames);
    }
    const isOpaque = native?.dialect === 'responses' && parts.some(({ type }) => type === 'opaque');
    if (isOpaque) throw cannotBeRebuilt();
    for (const part of parts) this.#build(part, frames);
  }

  /** The first one is what the stream begins with: its status has gone out without content. */
  heartbeat(silentMs: number): string {
    const frames: string[] = [];
    this.#create(frames);
    if (silentMs - this.#keptAliveMs < KEEPALIVE_EVERY_MS) return frames.join('') || COMMENT;
    this.#keptAliveMs = silentMs;
    frames.push(this.#out.event('keepalive', {}));
    return frames.join('');
  }

  /**
   * Both are needed: some clients see the one, some the other. The first has its error nested, as
   * OpenAI sends it and not as it documents it.
   */
  failureFrame(error: GatewayError, about: FailureInfo): string {
    const frames: string[] = [];
    this.#create(frames);
    const output = this.#output.unfinished();
    frames.push(
      this.#out.event('error', { ...toOpenAiError(error, about) }),
      this.#out.event('response.failed', {
        response: this.#response({ status: 'failed', error: responseError(error), output }),
      }),
    );
    return frames.join('');
  }

  #pass(native: NativeEvent, frames: string[]): void {
    this.#isNative = true;
    const { type, response } = native.event;
    if (this.#isOpenedByUs) {
      if (!OPENING.has(String(type))) frames.push(this.#out.passed(this.#withOurId(native)));
      return;
    }
    if (!this.#isCreated && isJsonObject(response)) this.#id = stringOr(response['id'], this.#id);
    this.#isCreated = true;
    frames.push(this.#out.passed(native));
  }

  /** The caller was told ours. */
  #withOurId(native: NativeEvent): NativeEvent {
    const { response } = native.event;
    if (!isJsonObject(response)) return native;
    const event = { ...native.event, response: { ...response, id: this.#id } };
    return { ...native, event, text: undefined };
  }

  #build(part: StreamPart, frames: string[]): void {
    if (part.type === 'start') return;
    if (this.#isNative) throw cannotBeRebuilt();
    // What only another dialect can show, such as the citations of a search, is left out as in a plain
    // answer.
    if (part.type === 'opaque') return;
    this.#create(frames);
    switch (part.type) {
      case 'text-delta':
        return this.#output.text('output_text', part.text, frames);
      case 'image-delta':
        return this.#output.text('output_text', toTextOfImage(part.url), frames);
      case 'refusal-delta':
        return this.#output.text('refusal', part.text, frames);
      case 'reasoning-delta':
        return this.#output.reasoning(part, frames);
      case 'tool-call-delta':
        return this.#output.call(part, frames);
      case 'end':
        return this.#end(part, frames);
    }
  }

  #create(frames: string[]): void {
    if (this.#isCreated) return;
    this.#isCreated = true;
    this.#isOpenedByUs = true;
    const response = this.#response({ status: 'in_progress' });
    frames.push(
      this.#out.event('response.created', { response }),
      this.#out.event('response.in_progress', { response }),
    );
  }

  #end({ reason, usage }: EndPart, frames: string[]): void {
    const state = statusOf(reason);
    const output = this.#output.end(state.status, frames);
    const response = this.#response({ ...state, output, usage });
    frames.push(this.#out.event(`response.${state.status}`, { response }));
  }

  #response(state: Omit<ResponseState, 'id' | 'createdAt' | 'model'>): JsonObject {
    const model = this.#start?.model ?? this.record.model;
    const { echo } = this.options;
    return responseObject(echo, { id: this.#id, createdAt: this.#createdAt, model, ...state });
  }
}

function cannotBeRebuilt(): GatewayError {
  return new GatewayError(
    'upstream_protocol',
    'The answer went on with content that cannot be joined to its beginning.',
  );
}
