import { randomUUID } from 'node:crypto';
import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { AttemptContext, ChatBackend, Fit, Target } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { isJsonObject, type JsonObject } from '../../contract/json.js';
import type { EventBatch } from '../../contract/event-batch.js';
import { collectAnswer } from '../shared/answer/collected-answer.js';
import { JoinedContent } from '../shared/answer/joined-content.js';
import { type StreamSource, streamSource } from '../shared/connection/stream-source.js';
import { UpstreamClient } from '../shared/connection/upstream-client.js';
import { parseErrorField, saysError } from '../shared/errors/upstream-error.js';
import {
  upstreamErrorFault,
  cutFault,
  protocolFault,
  wasConnected,
} from '../shared/errors/upstream-fault.js';
import type { UpstreamResponse } from '../shared/connection/upstream-response.js';
import { secretsOf } from '../shared/errors/upstream-secrets.js';
import type { UpstreamSettings } from '../shared/connection/upstream-settings.js';
import { readWholeAnswer } from '../shared/connection/whole-answer.js';
import {
  parseOllamaFailure,
  parseOllamaFinish,
  parseOllamaMessage,
  parseOllamaUsage,
} from './ollama-fields.js';
import { toOllamaBody, fitOf } from './ollama-request.js';
import { readOllamaStream } from './ollama-stream.js';

/** Ollama's native `/api/chat`. */
export class OllamaBackend implements ChatBackend {
  readonly id: string;
  readonly #settings: UpstreamSettings;
  readonly #secrets: readonly string[];
  readonly #upstream: UpstreamClient;

  constructor(settings: UpstreamSettings) {
    this.id = settings.id;
    this.#settings = settings;
    this.#secrets = secretsOf(settings);
    this.#upstream = new UpstreamClient(settings, '/api/chat');
  }

  fit(request: ChatRequest, target: Target): Fit {
    return fitOf(request, target);
  }

  async open(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<AsyncIterable<EventBatch>> {
    const response = await this.#post(request, target, true, attempt);
    return readOllamaStream(response, this.#source(response, target), attempt.notices);
  }

  async complete(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<ChatAnswer> {
    const response = await this.#post(request, target, false, attempt);
    const source = this.#source(response, target);
    if (/ndjson/i.test(String(response.headers['content-type']))) {
      return collectAnswer(source, readOllamaStream(response, source, attempt.notices));
    }
    const json = await readWholeAnswer(source, response, response.headers);
    const { backend, model, requestId, secrets } = source;
    if (saysError(json)) throw upstreamErrorFault(backend, parseErrorField(json, secrets));
    if (!isJsonObject(json['message'])) throw protocolFault(this.id, 'answered without a message');
    const { message } = json as { message: JsonObject };
    // A line of a stream is JSON as well.
    if (json['done'] !== true) throw cutFault(backend);
    const failure = parseOllamaFailure(json, backend);
    if (failure) throw failure;
    const content = JoinedContent.of(parseOllamaMessage(message, 0));
    const { reason, rawReason } = parseOllamaFinish(
      json,
      content.toolCalls.length > 0,
      attempt.notices,
    );
    return {
      id: `chatcmpl-${randomUUID()}`,
      model,
      backend,
      requestId,
      ...content,
      finishReason: reason,
      rawReason,
      usage: parseOllamaUsage(json, attempt.notices),
    };
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }

  #source(response: UpstreamResponse, { model }: Target): StreamSource {
    return streamSource(this.#settings, this.#secrets, response, model);
  }

  async #post(
    request: ChatRequest,
    target: Target,
    stream: boolean,
    attempt: AttemptContext,
  ): Promise<UpstreamResponse> {
    const body = toOllamaBody(request, target, stream);
    const response = await this.#upstream.post(body, attempt, request).catch((error: unknown) => {
      throw withRemedy(error, target);
    });
    const contentType = String(response.headers['content-type'] ?? '');
    if (/^application\/(x-ndjson|json)\b/i.test(contentType)) return response;
    response.destroy();
    throw protocolFault(this.id, `answered with "${contentType}" instead of JSON`);
  }
}

/** Ollama runs on people's own machines: tell them the command that helps. */
function withRemedy(error: unknown, { backend, model }: Target): unknown {
  if (!(error instanceof GatewayError)) return error;
  const { fault, cause, upstream } = error;
  if (fault === 'upstream_model_missing') {
    const message = `Ollama (backend "${backend}") does not have the model "${model}": run "ollama pull ${model}".`;
    return error.saying(message);
  }
  const isUnreachable = upstream.status === undefined && !wasConnected(cause);
  if (fault === 'upstream_unavailable' && isUnreachable) {
    const message = `Ollama (backend "${backend}") cannot be reached: start it with "ollama serve", or correct its baseUrl.`;
    return error.saying(message);
  }
  return error;
}
