import { randomUUID } from 'node:crypto';
import { defined, isJsonObject, type JsonObject, numberOr, stringOr } from '../../contract/json.js';
import type { FinishReason, StreamChunk, Usage } from '../../contract/stream-chunk.js';
import { SseDecoder } from '../shared/sse-decoder.js';
import type { StreamSource } from '../shared/stream-source.js';
import { cutFault } from '../shared/upstream-bytes.js';
import { complaintIn } from '../shared/upstream-complaint.js';
import { complaintFault } from '../shared/upstream-fault.js';

/** Events without id and choices that are held back until there is an id. */
const MAX_HELD_EVENTS = 4;

/** How long the usage event and `[DONE]` may take after the finish reason. */
const AFTER_FINISH_MS = 1000;

/**
 * The body of a streamed Chat Completion as chunks. A finish reason makes the answer whole: after
 * it `[DONE]`, EOF, a reset or a second of silence all end it well. Without one nothing does.
 * @throws GatewayError `upstream_cut`, `upstream_protocol`, or what an in-band error means
 */
export async function* readOpenAiStream(
  bytes: AsyncIterable<Uint8Array>,
  source: StreamSource,
): AsyncGenerator<StreamChunk> {
  const events = new SseDecoder(source.backend);
  const mapper = new OpenAiEventMapper(source);
  const reader = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await (mapper.finished ? untilSilent(reader) : readOrCut(reader, source));
      if (piece === undefined) break;
      for (const { data } of events.decode(piece)) {
        if (data === '[DONE]') {
          if (!mapper.finished) throw cutFault(source.backend);
          yield mapper.end();
          return;
        }
        yield* mapper.map(data);
      }
    }
    if (!mapper.finished) throw cutFault(source.backend);
    yield mapper.end();
  } finally {
    await reader.return?.();
  }
}

async function readOrCut(
  reader: AsyncIterator<Uint8Array>,
  { backend }: StreamSource,
): Promise<Uint8Array | undefined> {
  try {
    const { done, value } = await reader.next();
    return done ? undefined : value;
  } catch (error) {
    throw cutFault(backend, error);
  }
}

async function untilSilent(reader: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, AFTER_FINISH_MS, undefined);
  });
  const piece = reader.next().then(
    ({ done, value }) => (done ? undefined : value),
    () => undefined,
  );
  return Promise.race([piece, silence]).finally(() => clearTimeout(timer));
}

/** Events of `chat.completion.chunk` to chunks; one per stream. */
class OpenAiEventMapper {
  #started = false;
  readonly #held: JsonObject[] = [];
  #rawReason: string | undefined;
  #usage: Usage | undefined;

  constructor(private readonly source: StreamSource) {}

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

  map(data: string): StreamChunk[] {
    const event = this.#parse(data);
    if (event === undefined) return [];
    if (event['error'] != null) {
      if (this.finished) return [];
      throw complaintFault(this.source.backend, {
        ...complaintIn(event['error']),
        ...(this.source.requestId && { requestId: this.source.requestId }),
      });
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
    // The event rides on the first chunk made from it, see StreamChunk.wire.
    const own = chunks.findIndex(({ wire }) => !wire);
    chunks[own] = { ...chunks[own]!, wire: { dialect: 'openai', event } };
    return chunks;
  }

  /** Azure's verdict on the prompt comes before the answer has an id. */
  #hold(event: JsonObject): StreamChunk[] {
    if (this.#held.length < MAX_HELD_EVENTS) this.#held.push(event);
    return [];
  }

  #parse(data: string): JsonObject | undefined {
    try {
      const event: unknown = JSON.parse(data);
      return isJsonObject(event) ? event : undefined;
    } catch (error) {
      // What begins like an event and cannot be read is a lost piece of the answer; the rest is noise.
      if (!this.finished && /^\s*[{[]/.test(data)) throw cutFault(this.source.backend, error);
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

function firstChoice(event: JsonObject): JsonObject | undefined {
  const choices = event['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isJsonObject(choice) ? choice : undefined;
}

const MODELLED_DELTAS = new Set([
  'role',
  'content',
  'reasoning_content',
  'reasoning',
  'refusal',
  'tool_calls',
]);

function deltasOf(delta: JsonObject): StreamChunk[] {
  const chunks: StreamChunk[] = [];
  // DeepSeek, vLLM and SGLang say `reasoning_content`, OpenRouter and Ollama `reasoning`; some send both.
  const reasoning = stringOr(delta['reasoning_content'], '') || stringOr(delta['reasoning'], '');
  if (reasoning) chunks.push({ type: 'reasoning-delta', text: reasoning });
  const text = stringOr(delta['content'], '');
  if (text) chunks.push({ type: 'text-delta', text });
  const refusal = stringOr(delta['refusal'], '');
  if (refusal) chunks.push({ type: 'refusal-delta', text: refusal });
  if (Array.isArray(delta['tool_calls'])) {
    for (const call of delta['tool_calls'] as unknown[]) {
      if (isJsonObject(call)) chunks.push(toolCallDelta(call));
    }
  }
  if (chunks.length === 0 && hasUnknownContent(delta)) {
    chunks.push({ type: 'passthrough', opaqueContent: true });
  }
  return chunks;
}

function hasUnknownContent(delta: JsonObject): boolean {
  for (const [name, value] of Object.entries(delta)) {
    if (MODELLED_DELTAS.has(name) || value == null || value === '') continue;
    if (Array.isArray(value) && value.length === 0) continue;
    return true;
  }
  return false;
}

function toolCallDelta(call: JsonObject): StreamChunk {
  const fn = isJsonObject(call['function']) ? call['function'] : {};
  const id = stringOr(call['id'], '');
  const name = stringOr(fn['name'], '');
  return {
    type: 'tool-call-delta',
    index: numberOr(call['index'], 0),
    ...(id && { id }),
    ...(name && { name }),
    arguments: stringOr(fn['arguments'], ''),
  };
}

export function finishReasonOf(raw: string): FinishReason {
  switch (raw) {
    case 'stop':
    case 'length':
    case 'tool_calls':
    case 'content_filter':
      return raw;
    // The deprecated form of a tool call.
    case 'function_call':
      return 'tool_calls';
    default:
      return 'other';
  }
}

/** @see https://platform.openai.com/docs/api-reference/chat/object `usage` */
export function usageOf(usage: unknown): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const prompt = isJsonObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {};
  const completion = isJsonObject(usage['completion_tokens_details'])
    ? usage['completion_tokens_details']
    : {};
  return defined({
    input: numberOr(usage['prompt_tokens'], undefined),
    output: numberOr(usage['completion_tokens'], undefined),
    cachedInput: numberOr(prompt['cached_tokens'], undefined),
    reasoning: numberOr(completion['reasoning_tokens'], undefined),
  });
}
