import { randomUUID } from 'node:crypto';
import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { AttemptContext, ChatBackend, Fit, Target } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { defined, isJsonObject, type JsonObject, stringOr } from '../../contract/json.js';
import type { ChunkBatch } from '../../contract/stream-chunk.js';
import type { StreamSource } from '../shared/stream-source.js';
import { UpstreamClient } from '../shared/upstream-client.js';
import { complaintIn, secretsOf } from '../shared/upstream-complaint.js';
import {
  complaintFault,
  protocolFault,
  requestIdOf,
  silence,
  wasConnected,
} from '../shared/upstream-fault.js';
import type { UpstreamResponse } from '../shared/upstream-response.js';
import type { UpstreamSettings } from '../shared/upstream-settings.js';
import { readWholeAnswer } from '../shared/whole-answer.js';
import { chatBody, fitOf } from './ollama-request.js';
import { finishReasonOf, readOllamaStream, toolCallsOf, usageOf } from './ollama-stream.js';

/** Ollama's native `/api/chat`. */
export class OllamaBackend implements ChatBackend {
  readonly id: string;
  readonly #secrets: readonly string[];
  readonly #upstream: UpstreamClient;

  constructor(settings: UpstreamSettings) {
    this.id = settings.id;
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
  ): Promise<AsyncIterable<ChunkBatch>> {
    const response = await this.#post(request, target, true, attempt);
    return readOllamaStream(response, this.#source(response, target), () =>
      attempt.malformedEvent(),
    );
  }

  async complete(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<ChatAnswer> {
    const response = await this.#post(request, target, false, attempt);
    const json = await readWholeAnswer(this.id, response);
    const { backend, model, requestId, secrets } = this.#source(response, target);
    if (json['error'] != null) throw complaintFault(backend, complaintIn(json['error'], secrets));
    if (!isJsonObject(json['message'])) throw protocolFault(this.id, 'answered without a message');
    const { message } = json as { message: JsonObject };
    const toolCalls = toolCallsOf(message);
    const reasoning = stringOr(message['thinking'], '');
    const rawReason = stringOr(json['done_reason'], 'stop');
    return {
      id: `chatcmpl-${randomUUID()}`,
      model,
      backend,
      ...(requestId && { requestId }),
      text: stringOr(message['content'], ''),
      ...(reasoning && { reasoning }),
      toolCalls,
      finishReason: finishReasonOf(rawReason, toolCalls.length > 0),
      rawReason,
      usage: usageOf(json),
    };
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }

  #source({ headers }: UpstreamResponse, { model }: Target): StreamSource {
    const requestId = requestIdOf(headers);
    return defined({ backend: this.id, model, requestId, secrets: this.#secrets });
  }

  async #post(
    request: ChatRequest,
    target: Target,
    stream: boolean,
    attempt: AttemptContext,
  ): Promise<UpstreamResponse> {
    const body = chatBody(request, target, stream);
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
    return new GatewayError(fault, message, { cause, upstream });
  }
  const isUnreachable = upstream.status === undefined && !wasConnected(cause);
  if (fault === 'upstream_unavailable' && isUnreachable) {
    const message = `Ollama (backend "${backend}") cannot be reached: start it with "ollama serve", or correct its baseUrl.`;
    return new GatewayError(fault, message, { cause, upstream, ...silence(cause) });
  }
  return error;
}
