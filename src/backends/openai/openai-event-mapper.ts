import type { UpstreamNotices } from '../../contract/chat-backend.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import { isJsonObject, type JsonObject } from '../../contract/json.js';
import type { FinishReason, StreamEvent, StreamPart, Usage } from '../../contract/stream-event.js';
import {
  failedFinish,
  parseFinishReason,
  finishWordIn,
  toOpenAiFinishWord,
} from '../shared/answer/finish-reason.js';
import { parseEvent } from '../shared/answer/parse-event.js';
import type { StreamSource } from '../shared/connection/stream-source.js';
import { parseErrorField } from '../shared/errors/upstream-error.js';
import { upstreamErrorFault, cutFault } from '../shared/errors/upstream-fault.js';
import { parseAnswerChoice, choiceError, parseDelta, withoutEmptyError } from './openai-choice.js';
import { OpenAiFinish } from './openai-finish.js';
import { OpenAiStart } from './openai-start.js';
import { ToolCallReader } from './openai-tool-calls.js';
import { parseOpenAiUsage } from './openai-usage.js';
import { SaidInDeltas } from './said-in-deltas.js';

/** Reads events of `chat.completion.chunk`; one mapper per stream. */
export class OpenAiEventMapper {
  readonly finish = new OpenAiFinish();
  /** The upstream gave the answer up; what it said before is given first. */
  failure: GatewayError | undefined;
  /** `[DONE]` was seen: whatever follows is not part of the answer. */
  ended = false;
  readonly #start: OpenAiStart;
  readonly #toolCalls: ToolCallReader;
  readonly #deltas = new SaidInDeltas();
  #usage: Usage | undefined;

  constructor(
    private readonly source: StreamSource,
    private readonly notices: UpstreamNotices,
  ) {
    this.#start = new OpenAiStart(source);
    this.#toolCalls = new ToolCallReader(source.backend);
  }

  get hasUsage(): boolean {
    return this.#usage !== undefined;
  }

  end(): StreamEvent {
    const rawReason = this.finish.word ?? 'stop';
    const reason = this.#reasonOf(rawReason);
    return { parts: [{ type: 'end', reason, rawReason, usage: this.#usage }] };
  }

  /** @throws GatewayError `upstream_cut` for `[DONE]` without a finish reason, `upstream_protocol`, and what an in-band error means */
  map(data: string): StreamEvent[] {
    if (this.ended || this.failure) return [];
    if (data.startsWith('[DONE]')) {
      if (!this.finish.endsAtDone) throw cutFault(this.source.backend);
      this.ended = true;
      return [this.end()];
    }
    const event = parseEvent(data, this.source, this.notices, this.finish.isWhole);
    return event === undefined ? [] : this.mapEvent(event, data);
  }

  /**
   * @param data the event as it came; absent: it was made here
   * @throws GatewayError what an in-band error means
   */
  mapEvent(given: JsonObject, data?: string): StreamEvent[] {
    const choice = parseAnswerChoice(given);
    const failed = choiceError(given, choice);
    if (failed) return this.fail(failed);
    const event = withChoices(withoutEmptyError(given));
    if (event['usage'] != null || event['x_groq'] != null) {
      this.#usage = parseOpenAiUsage(event, () => this.notices.implausibleUsage()) ?? this.#usage;
    }
    // Further choices are further answers, and one was asked for.
    if (!choice && hasChoices(event)) return [];
    const chars = data?.length ?? 0;
    const isEarly = !this.#start.isOver && !choice && !event['id'];
    if (isEarly && this.#start.hold(event, chars)) return [];
    const parts: StreamPart[] = [];
    const before = this.#start.isOver ? undefined : this.#start.begin(event, parts);
    const passed = choice ? this.#readChoice(event, choice, parts) : event;
    const text = passed === given ? data : undefined;
    const read: StreamEvent = {
      parts,
      native: { dialect: 'chat-completions', event: passed, text, chars },
    };
    return before ? [...before, read] : [read];
  }

  /** What an upstream says is an error, as an event or as the data of one. @throws GatewayError what it means */
  fail(said: unknown): StreamEvent[] {
    if (this.ended || this.finish.isWhole) return [];
    const { backend, secrets, requestId } = this.source;
    throw upstreamErrorFault(backend, { ...parseErrorField(said, secrets), requestId });
  }

  /** Adds what the choice holds to `parts`. @returns the event as the caller is to get it */
  #readChoice(event: JsonObject, choice: JsonObject, parts: StreamPart[]): JsonObject {
    const { content, delta, isReadable } = this.#contentOf(choice);
    for (const part of content) parts.push(part);
    const isContentHere = content.length > 0;
    if (isContentHere) this.finish.content();
    const word = finishWordIn(choice['finish_reason']);
    if (word !== undefined) this.#finished(word, isContentHere);

    const reason = this.#reasonToSay(word, choice['finish_reason']);
    const isPlain = choice['error'] == null && isOnly(event);
    if (isReadable && isPlain && reason === choice['finish_reason']) {
      return event;
    }
    const { message: _, text: __, ...rest } = withoutEmptyError(choice);
    return { ...event, choices: [{ ...rest, delta, finish_reason: reason }] };
  }

  /** Some servers put the answer, or each piece of it, into `message` or `text`. */
  #contentOf(choice: JsonObject): {
    content: readonly StreamPart[];
    delta: JsonObject;
    isReadable: boolean;
  } {
    const { delta, message, text } = choice;
    const given = isJsonObject(delta) ? delta : typeof delta === 'string' ? { content: delta } : {};
    const inDelta = parseDelta(given, this.#toolCalls);
    const other = isJsonObject(message) ? message : typeof text === 'string' && { content: text };
    if (inDelta.parts.length > 0 || !other || this.#deltas.areSummedUpBy(other)) {
      this.#deltas.add(inDelta.parts);
      return {
        content: inDelta.parts,
        delta: inDelta.readable ?? given,
        isReadable: inDelta.readable === undefined && given === delta,
      };
    }
    const { parts, readable = other } = parseDelta(other, this.#toolCalls);
    return { content: parts, delta: readable, isReadable: false };
  }

  #finished(word: string, isBesideContent: boolean): void {
    const failure = failedFinish(word, this.source.backend);
    // Behind the last word it is nonsense like any other.
    if (failure && this.finish.isWhole) return;
    this.failure = failure;
    if (failure) return;
    this.finish.reason(word, isBesideContent);
    if (parseFinishReason(word) === 'other') this.notices.unknownFinishReason(word);
  }

  /**
   * The reason that an event tells the caller: none while it may not be the last word (the end of
   * the stream has it then), else in OpenAI's word where it has one.
   */
  #reasonToSay(word: string | undefined, given: unknown): unknown {
    // Whatever else stands there is a reason to every client: "null" as a text, an object.
    if (word === undefined) return given === '' || given === undefined ? given : null;
    if (!this.finish.isWhole || word !== this.finish.word) return null;
    return toOpenAiFinishWord(word);
  }

  /** Servers say "stop" also when they stopped to have tools called. */
  #reasonOf(word: string): FinishReason {
    const reason = parseFinishReason(word);
    return reason === 'stop' && this.#toolCalls.hasCalls ? 'tool_calls' : reason;
  }
}

/** Clients take the list for granted. */
function withChoices(event: JsonObject): JsonObject {
  return Array.isArray(event['choices']) ? event : { ...event, choices: [] };
}

function hasChoices(event: JsonObject): boolean {
  const { choices } = event;
  return Array.isArray(choices) && choices.length > 0;
}

function isOnly(event: JsonObject): boolean {
  const { choices } = event;
  return Array.isArray(choices) && choices.length === 1;
}
