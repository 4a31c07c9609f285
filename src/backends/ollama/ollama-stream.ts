import { randomUUID } from 'node:crypto';
import { defined, isJsonObject, type JsonObject, numberOr, stringOr } from '../../contract/json.js';
import type { ChunkBatch, FinishReason, StreamChunk, Usage } from '../../contract/stream-chunk.js';
import { batchesOf } from '../shared/batches.js';
import { LineDecoder } from '../shared/line-decoder.js';
import type { StreamSource } from '../shared/stream-source.js';
import { complaintIn, isComplaint } from '../shared/upstream-complaint.js';
import {
  complaintFault,
  cutFault,
  MAX_EVENT_CHARS,
  tooLongFault,
} from '../shared/upstream-fault.js';

/**
 * The body of a streamed `/api/chat` as chunks. Only a line with `done: true` ends it well.
 * @see https://docs.ollama.com/api/streaming
 * @param onNoise called for every line that is no JSON at all; it is skipped
 * @throws GatewayError `upstream_cut`, `upstream_protocol`, or what an `error` line means
 */
export async function* readOllamaStream(
  bytes: AsyncIterable<Uint8Array, undefined>,
  source: StreamSource,
  onNoise: () => void,
): AsyncGenerator<ChunkBatch> {
  const lines = new LineDecoder(source.backend);
  const mapper = new OllamaLineMapper(source, onNoise);
  const mapLine = (line: string) => mapper.map(line);
  const reader = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value: piece } = await reader.next();
      const arrived = done ? [lines.end()] : lines.decode(piece);
      for (const batch of batchesOf(arrived, mapLine)) yield batch;
      if (mapper.finished) return;
      if (done) throw cutFault(source.backend);
    }
  } finally {
    await reader.return?.();
  }
}

/** Lines of `/api/chat` to chunks; one per stream. */
class OllamaLineMapper {
  finished = false;
  #started = false;
  #toolCalls = 0;

  constructor(
    private readonly source: StreamSource,
    private readonly onNoise: () => void,
  ) {}

  map(line: string): StreamChunk[] {
    if (this.finished) return [];
    const json = this.#parse(line);
    if (json === undefined) return [];
    if (isComplaint(json)) {
      throw complaintFault(this.source.backend, complaintIn(json, this.source.secrets));
    }
    const chunks: StreamChunk[] = this.#started ? [] : [this.#start()];
    if (isJsonObject(json['message'])) chunks.push(...this.#deltas(json['message']));
    if (json['done'] === true) {
      this.finished = true;
      chunks.push(endOf(json, this.#toolCalls > 0));
    }
    return chunks;
  }

  #parse(line: string): JsonObject | undefined {
    if (line.length > MAX_EVENT_CHARS) throw tooLongFault(this.source.backend);
    try {
      const json: unknown = JSON.parse(line);
      return isJsonObject(json) ? json : undefined;
    } catch (error) {
      if (/^\s*[{[]/.test(line)) throw cutFault(this.source.backend, error);
      if (line.trim() !== '') this.onNoise();
      return undefined;
    }
  }

  #start(): StreamChunk {
    this.#started = true;
    const { backend, model, requestId } = this.source;
    const id = `chatcmpl-${randomUUID()}`;
    return { type: 'start', id, model, backend, ...(requestId && { requestId }) };
  }

  #deltas(message: JsonObject): StreamChunk[] {
    const chunks: StreamChunk[] = [];
    const thinking = stringOr(message['thinking'], '');
    if (thinking) chunks.push({ type: 'reasoning-delta', text: thinking });
    const text = stringOr(message['content'], '');
    if (text) chunks.push({ type: 'text-delta', text });
    for (const { id, name, arguments: args } of toolCallsOf(message)) {
      const index = this.#toolCalls++;
      chunks.push({ type: 'tool-call-delta', index, id, name, arguments: args });
    }
    return chunks;
  }
}

/** Ollama's tool calls come whole, with an object for arguments and often without an id. */
export function toolCallsOf(
  message: JsonObject,
): { id: string; name: string; arguments: string }[] {
  const calls = message['tool_calls'];
  if (!Array.isArray(calls)) return [];
  return (calls as unknown[]).filter(isJsonObject).map((call) => {
    const fn = isJsonObject(call['function']) ? call['function'] : {};
    return {
      id: stringOr(call['id'], '') || `call_${randomUUID()}`,
      name: stringOr(fn['name'], ''),
      arguments: JSON.stringify(fn['arguments'] ?? {}),
    };
  });
}

function endOf(line: JsonObject, calledTools: boolean): StreamChunk {
  const rawReason = stringOr(line['done_reason'], 'stop');
  return {
    type: 'end',
    reason: finishReasonOf(rawReason, calledTools),
    rawReason,
    usage: usageOf(line),
  };
}

/** Ollama says "stop" also when it stopped to have tools called. */
export function finishReasonOf(raw: string, calledTools: boolean): FinishReason {
  if (raw === 'length') return 'length';
  if (calledTools) return 'tool_calls';
  return raw === 'stop' ? 'stop' : 'other';
}

/** `prompt_eval_count` is missing when the prompt came from Ollama's cache: unknown, not 0. */
export function usageOf(line: JsonObject): Usage {
  return defined({
    input: numberOr(line['prompt_eval_count'], undefined),
    output: numberOr(line['eval_count'], undefined),
  });
}
