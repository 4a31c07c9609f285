import { randomUUID } from 'node:crypto';
import type { GatewayError } from '../../contract/gateway-error.js';
import { isJsonObject, type JsonObject, stringOr } from '../../contract/json.js';
import type { OpenAiEvent, StreamChunk, Usage } from '../../contract/stream-chunk.js';
import type { StreamSource } from '../shared/stream-source.js';
import { complaintIn, isComplaint } from '../shared/upstream-complaint.js';
import {
  complaintFault,
  cutFault,
  MAX_EVENT_CHARS,
  tooLongFault,
} from '../shared/upstream-fault.js';
import { deltasOf, finishReasonOf, usageOf } from './openai-fields.js';

/** Events without id and choices that are held back until there is an id. */
const MAX_HELD_EVENTS = 4;

/** Events of `chat.completion.chunk` to chunks; one per stream. */
export class OpenAiEventMapper {
  #started = false;
  readonly #held: JsonObject[] = [];
  #rawReason: string | undefined;
  #usage: Usage | undefined;
  /** `[DONE]` was seen: whatever follows is not part of the answer. */
  ended = false;

  /** @param onNoise called for data that is no JSON at all */
  constructor(
    private readonly source: StreamSource,
    private readonly onNoise: () => void,
  ) {}

  /** A finish reason was seen. */
  get finished(): boolean {
    return this.#rawReason !== undefined;
  }

  end(): StreamChunk {
    const rawReason = this.#rawReason ?? 'stop';
    return {
      type: 'end',
      reason: finishReasonOf(rawReason),
      rawReason,
      ...(this.#usage && { usage: this.#usage }),
    };
  }

  /** @throws GatewayError `upstream_cut` for `[DONE]` without a finish reason, and what an in-band error means */
  map(data: string): StreamChunk[] {
    if (this.ended) return [];
    if (data === '[DONE]') {
      if (!this.finished) throw cutFault(this.source.backend);
      this.ended = true;
      return [this.end()];
    }
    const event = this.#parse(data);
    if (event === undefined) return [];
    if (isComplaint(event)) {
      if (this.finished) return [];
      throw this.#complaint(event);
    }
    const usage = usageOf(event['usage']);
    if (usage) this.#usage = usage;

    const choice = firstChoice(event);
    if (!this.#started && !choice && !event['id']) return this.#hold(event);
    const chunks: StreamChunk[] = this.#started ? [] : this.#start(event);
    if (choice && isJsonObject(choice['delta'])) chunks.push(...deltasOf(choice['delta']));
    // Some servers say "" for "not yet".
    const reason = stringOr(choice?.['finish_reason'], '');
    if (reason) this.#rawReason = reason;
    if (chunks.length === 0) chunks.push({ type: 'passthrough' });
    return withWire(chunks, { dialect: 'openai', event, text: data });
  }

  /** The data of an event whose name says that it is an error. @throws GatewayError what it means */
  fail(data: string): StreamChunk[] {
    if (this.ended || this.finished) return [];
    throw this.#complaint(data);
  }

  #complaint(said: unknown): GatewayError {
    const { backend, secrets, requestId } = this.source;
    return complaintFault(backend, { ...complaintIn(said, secrets), requestId });
  }

  /** Azure's verdict on the prompt comes before the answer has an id. */
  #hold(event: JsonObject): StreamChunk[] {
    if (this.#held.length < MAX_HELD_EVENTS) this.#held.push(event);
    return [];
  }

  #parse(data: string): JsonObject | undefined {
    if (data.length > MAX_EVENT_CHARS) throw tooLongFault(this.source.backend);
    try {
      const event: unknown = JSON.parse(data);
      // Gemini wraps its errors in an array.
      if (Array.isArray(event) && isComplaint(event)) return { error: event };
      return isJsonObject(event) ? event : undefined;
    } catch (error) {
      // What begins like an event and cannot be read is a lost piece of the answer; the rest is noise.
      if (!this.finished && /^\s*[{[]/.test(data)) throw cutFault(this.source.backend, error);
      if (data.trim() !== '') this.onNoise();
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

function firstChoice(event: JsonObject): JsonObject | undefined {
  const choices = event['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isJsonObject(choice) ? choice : undefined;
}
