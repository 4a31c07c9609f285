import { randomUUID } from 'node:crypto';
import type { UpstreamNotices } from '../../contract/chat-backend.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import { isJsonObject, type JsonObject } from '../../contract/json.js';
import type { EventBatch } from '../../contract/event-batch.js';
import type { StreamEvent, StreamPart } from '../../contract/stream-event.js';
import { batchesOf } from '../shared/answer/batches.js';
import { parseEvent } from '../shared/answer/parse-event.js';
import { LineDecoder } from '../shared/answer/line-decoder.js';
import type { StreamSource } from '../shared/connection/stream-source.js';
import { parseErrorField, saysError } from '../shared/errors/upstream-error.js';
import { upstreamErrorFault, cutFault, tooLongFault } from '../shared/errors/upstream-fault.js';
import {
  parseOllamaFailure,
  parseOllamaFinish,
  parseOllamaMessage,
  parseOllamaUsage,
} from './ollama-fields.js';

/**
 * The body of a streamed `/api/chat` as events. Only a line with `done: true` ends it well.
 * @see https://docs.ollama.com/api/streaming
 * @param notices is told of every line that is no JSON at all; it is skipped
 * @throws GatewayError `upstream_cut`, `upstream_protocol`, `overloaded`, or what an `error` line means
 */
export async function* readOllamaStream(
  bytes: AsyncIterable<Uint8Array, undefined>,
  source: StreamSource,
  notices: UpstreamNotices,
): AsyncGenerator<EventBatch> {
  using lines = new LineDecoder(source);
  const mapper = new OllamaLineMapper(source, notices);
  const mapLine = (line: string) => mapper.map(line);
  const reader = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value: piece } = await reader.next();
      const arrived = done ? [lines.end()] : lines.decode(piece);
      for (const batch of batchesOf(arrived, mapLine)) yield batch;
      if (mapper.failure) throw mapper.failure;
      if (mapper.finished) return;
      if (done) throw cutFault(source.backend);
    }
  } finally {
    await reader.return?.();
  }
}

/** Reads lines of `/api/chat`; one mapper per stream. */
class OllamaLineMapper {
  finished = false;
  /** The upstream gave the answer up; what it said before is given first. */
  failure: GatewayError | undefined;
  #started = false;
  #toolCalls = 0;

  constructor(
    private readonly source: StreamSource,
    private readonly notices: UpstreamNotices,
  ) {}

  map(line: string): readonly StreamEvent[] {
    if (this.finished || this.failure) return [];
    const { backend, maxEventBytes } = this.source;
    if (line.length > maxEventBytes) throw tooLongFault(backend, maxEventBytes);
    const json = parseEvent(line, this.source, this.notices, false);
    if (json === undefined) return [];
    if (saysError(json)) {
      throw upstreamErrorFault(backend, parseErrorField(json, this.source.secrets));
    }
    const parts: StreamPart[] = this.#started ? [] : [this.#start()];
    if (isJsonObject(json['message'])) {
      const deltas = parseOllamaMessage(json['message'], this.#toolCalls);
      this.#toolCalls += deltas.filter(({ type }) => type === 'tool-call-delta').length;
      for (const delta of deltas) parts.push(delta);
    }
    if (json['done'] === true) this.#finish(json, parts);
    return parts.length > 0 ? [{ parts }] : [];
  }

  #finish(json: JsonObject, parts: StreamPart[]): void {
    this.failure = parseOllamaFailure(json, this.source.backend);
    if (this.failure) return;
    this.finished = true;
    const finish = parseOllamaFinish(json, this.#toolCalls > 0, this.notices);
    parts.push({ type: 'end', ...finish, usage: parseOllamaUsage(json, this.notices) });
  }

  #start(): StreamPart {
    this.#started = true;
    const { backend, model, requestId } = this.source;
    const id = `chatcmpl-${randomUUID()}`;
    return { type: 'start', id, model, backend, requestId };
  }
}
