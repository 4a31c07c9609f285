import { randomUUID } from 'node:crypto';
import type { UpstreamNotices } from '../../contract/chat-backend.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import { isJsonObject, type JsonObject, stringOr } from '../../contract/json.js';
import {
  type FinishReason,
  type OpenAiEvent,
  type StreamChunk,
  type Usage,
} from '../../contract/stream-chunk.js';
import { textIn } from '../shared/content-parts.js';
import { failedFinish, finishReasonOf, finishWordIn } from '../shared/finish-reason.js';
import { refuseDeep } from '../shared/json-depth.js';
import type { StreamSource } from '../shared/stream-source.js';
import { complaintIn, isComplaint } from '../shared/upstream-complaint.js';
import { complaintFault, cutFault } from '../shared/upstream-fault.js';
import { answerChoiceIn, complaintOn, piecesOf, withoutEmptyError } from './openai-choice.js';
import { OpenAiFinish } from './openai-finish.js';
import { ToolCallReader } from './openai-tool-calls.js';
import { usageIn } from './openai-usage.js';

/** Characters of events without id and choices that are held back until there is an id. */
const MAX_HELD_CHARS = 64 * 1024;

/** As much of an answer as tells it from another one. */
const BEGINNING_CHARS = 64;

/** Events of `chat.completion.chunk` to chunks; one per stream. */
export class OpenAiEventMapper {
  readonly finish = new OpenAiFinish();
  /** The upstream gave the answer up; what it said before is given first. */
  failure: GatewayError | undefined;
  /** `[DONE]` was seen: whatever follows is not part of the answer. */
  ended = false;
  #started = false;
  readonly #held: JsonObject[] = [];
  #heldChars = 0;
  readonly #toolCalls = new ToolCallReader();
  /** Characters of text so far. */
  #saidChars = 0;
  /** What they begin with. */
  #beginning = '';
  #usage: Usage | undefined;

  constructor(
    private readonly source: StreamSource,
    private readonly notices: UpstreamNotices,
  ) {}

  get hasUsage(): boolean {
    return this.#usage !== undefined;
  }

  end(): StreamChunk {
    const rawReason = this.finish.word ?? 'stop';
    return {
      type: 'end',
      reason: this.#reasonOf(rawReason),
      rawReason,
      ...(this.#usage && { usage: this.#usage }),
    };
  }

  /** @throws GatewayError `upstream_cut` for `[DONE]` without a finish reason, `upstream_protocol`, and what an in-band error means */
  map(data: string): StreamChunk[] {
    if (this.ended || this.failure) return [];
    if (data.startsWith('[DONE]')) {
      if (!this.finish.endsAtDone) throw cutFault(this.source.backend);
      this.ended = true;
      return [this.end()];
    }
    const parsed = this.#parse(data);
    if (parsed === undefined) return [];
    const choice = answerChoiceIn(parsed);
    const complaint = complaintOn(parsed, choice);
    if (complaint) return this.fail(complaint);
    const event = withChoices(withoutEmptyError(parsed));
    const text = event === parsed ? data : undefined;
    this.#usage = usageIn(event, () => this.notices.implausibleUsage()) ?? this.#usage;
    // Further choices are further answers, and one was asked for.
    if (!choice && hasChoices(event)) return [];
    if (!this.#started && !choice && !event['id'] && this.#hold(event, data)) return [];
    const chunks: StreamChunk[] = this.#started ? [] : this.#start(event);
    const passed = choice ? this.#readChoice(event, choice, text, chunks) : asItIs(event, text);
    if (chunks.length === 0) chunks.push({ type: 'passthrough' });
    return withWire(chunks, { dialect: 'openai', ...passed });
  }

  /** What an upstream says is an error, as an event or as the data of one. @throws GatewayError what it means */
  fail(said: unknown): StreamChunk[] {
    if (this.ended || this.finish.isWhole) return [];
    const { backend, secrets, requestId } = this.source;
    throw complaintFault(backend, { ...complaintIn(said, secrets), requestId });
  }

  /** Adds what the choice holds to `chunks`. @returns the event as the caller is to get it */
  #readChoice(
    event: JsonObject,
    choice: JsonObject,
    text: string | undefined,
    chunks: StreamChunk[],
  ): Omit<OpenAiEvent, 'dialect'> {
    const { chunks: pieces, delta, isReadable } = this.#piecesIn(choice);
    chunks.push(...pieces);
    const isContentHere = pieces.length > 0;
    if (isContentHere) this.finish.content();
    for (const piece of pieces) if (piece.type === 'text-delta') this.#said(piece.text);
    const word = finishWordIn(choice['finish_reason']);
    if (word !== undefined) this.#finished(word, isContentHere);

    const reason = this.#reasonToSay(word, choice['finish_reason']);
    const isPlain = choice['error'] == null && isOnly(event);
    if (isReadable && isPlain && reason === choice['finish_reason']) {
      return asItIs(event, text);
    }
    const { message: _, text: __, ...rest } = withoutEmptyError(choice);
    return { event: { ...event, choices: [{ ...rest, delta, finish_reason: reason }] } };
  }

  /** Some servers put the answer, or each piece of it, into `message` or `text`. */
  #piecesIn(choice: JsonObject): { chunks: StreamChunk[]; delta: JsonObject; isReadable: boolean } {
    const { delta, message, text } = choice;
    const given = isJsonObject(delta) ? delta : {};
    const inDelta = piecesOf(given, this.#toolCalls);
    const other = isJsonObject(message) ? message : typeof text === 'string' && { content: text };
    if (inDelta.chunks.length > 0 || !other || this.#saysAllAgain(other)) {
      return {
        chunks: inDelta.chunks,
        delta: inDelta.readable ?? given,
        isReadable: inDelta.readable === undefined && given === delta,
      };
    }
    const { chunks, readable = other } = piecesOf(other, this.#toolCalls);
    return { chunks, delta: readable, isReadable: false };
  }

  #said(text: string): void {
    this.#saidChars += text.length;
    if (this.#beginning.length < BEGINNING_CHARS) this.#beginning += text;
  }

  /** A message that begins like all that was said, and is as long, is not one more piece: it sums the answer up. */
  #saysAllAgain({ content }: JsonObject): boolean {
    const text = textIn(content);
    if (text.length !== this.#saidChars || !text.startsWith(this.#beginning)) return false;
    return text !== '' || this.#toolCalls.hasCalls;
  }

  #finished(word: string, isBesideContent: boolean): void {
    if (!this.finish.isWhole) this.failure = failedFinish(word, this.source.backend);
    if (this.failure) return;
    this.finish.reason(word, isBesideContent);
    if (finishReasonOf(word) === 'other') this.notices.unknownFinishReason(word);
  }

  /**
   * The reason that an event tells the caller: none while it may not be the last word (the end of
   * the stream has it then), else in OpenAI's word where it has one.
   */
  #reasonToSay(word: string | undefined, given: unknown): unknown {
    // "null" as a text is a reason to every client.
    if (word === undefined) return typeof given === 'string' && given !== '' ? null : given;
    if (!this.finish.isWhole) return null;
    const reason = finishReasonOf(word);
    return reason === 'other' ? word : reason;
  }

  /** Servers say "stop" also when they stopped to have tools called. */
  #reasonOf(word: string): FinishReason {
    const reason = finishReasonOf(word);
    return reason === 'stop' && this.#toolCalls.hasCalls ? 'tool_calls' : reason;
  }

  /** Azure's verdict on the prompt comes before the answer has an id. */
  #hold(event: JsonObject, data: string): boolean {
    this.#heldChars += data.length;
    if (this.#heldChars > MAX_HELD_CHARS) return false;
    this.#held.push(event);
    return true;
  }

  #parse(data: string): JsonObject | undefined {
    refuseDeep(this.source.backend, data);
    try {
      const event: unknown = JSON.parse(data);
      // Gemini wraps its errors in an array.
      if (Array.isArray(event) && isComplaint(event)) return { error: event };
      return isJsonObject(event) ? event : undefined;
    } catch (error) {
      // What begins like an event and cannot be read is a lost piece of the answer; the rest is noise.
      if (!this.finish.isWhole && /^\s*[{[]/.test(data)) throw cutFault(this.source.backend, error);
      if (data.trim() !== '') this.notices.malformedEvent();
      return undefined;
    }
  }

  /** `start`, which every stream begins with, and what was held back for it. */
  #start(event: JsonObject): StreamChunk[] {
    this.#started = true;
    const { backend, model, requestId } = this.source;
    const start: StreamChunk = {
      type: 'start',
      id: stringOr(event['id'], '') || `chatcmpl-${randomUUID()}`,
      model: stringOr(event['model'], '') || model,
      backend,
      ...(requestId && { requestId }),
    };
    const [first, ...others] = this.#held.map((held) => ({
      dialect: 'openai' as const,
      event: held,
    }));
    if (!first) return [start];
    const rest = others.map((wire): StreamChunk => ({ type: 'passthrough', wire }));
    return [{ ...start, wire: first }, ...rest, { type: 'passthrough' }];
  }
}

/** The event rides on the first chunk made from it, and covers the others; see StreamChunk.wire. */
function withWire(chunks: StreamChunk[], event: OpenAiEvent): StreamChunk[] {
  let wire: StreamChunk['wire'] = event;
  for (let n = 0; n < chunks.length; n += 1) {
    const chunk = chunks[n]!;
    if (chunk.wire) continue;
    chunks[n] = { ...chunk, wire };
    wire = 'covered';
  }
  return chunks;
}

/** Clients take the list for granted. */
function withChoices(event: JsonObject): JsonObject {
  return Array.isArray(event['choices']) ? event : { ...event, choices: [] };
}

function asItIs(event: JsonObject, text: string | undefined): Omit<OpenAiEvent, 'dialect'> {
  return { event, ...(text !== undefined && { text }) };
}

function hasChoices(event: JsonObject): boolean {
  const { choices } = event;
  return Array.isArray(choices) && choices.length > 0;
}

function isOnly(event: JsonObject): boolean {
  const { choices } = event;
  return Array.isArray(choices) && choices.length === 1;
}
