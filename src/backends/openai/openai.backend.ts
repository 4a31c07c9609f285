import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { AttemptContext, ChatBackend, Fit, Target } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { defined } from '../../contract/json.js';
import type { ChunkBatch } from '../../contract/stream-chunk.js';
import type { StreamSource } from '../shared/stream-source.js';
import { UpstreamClient } from '../shared/upstream-client.js';
import { secretsOf } from '../shared/upstream-complaint.js';
import { protocolFault, requestIdOf } from '../shared/upstream-fault.js';
import type { UpstreamResponse } from '../shared/upstream-response.js';
import type { UpstreamSettings } from '../shared/upstream-settings.js';
import { readWholeAnswer } from '../shared/whole-answer.js';
import { answerOf } from './openai-answer.js';
import { takesCompletionTokens } from './openai-fields-sent.js';
import { droppedFields, requestBody, streamedRequestBody } from './openai-request.js';
import { readOpenAiStream } from './openai-stream.js';

export interface OpenAiSettings extends UpstreamSettings {
  /** `false`: this server does not know `stream_options`, so usage is not asked for. */
  readonly streamUsage?: boolean;
}

/** OpenAI's Chat Completions, at OpenAI or at any server compatible with it. */
export class OpenAiBackend implements ChatBackend {
  readonly id: string;
  readonly #settings: OpenAiSettings;
  readonly #secrets: readonly string[];
  readonly #upstream: UpstreamClient;
  /** Models that were seen to want `max_completion_tokens`; as many as there are targets at most. */
  readonly #refusesMaxTokens = new Set<string>();

  constructor(settings: OpenAiSettings) {
    this.id = settings.id;
    this.#settings = settings;
    this.#secrets = secretsOf(settings);
    this.#upstream = new UpstreamClient(settings, '/chat/completions');
  }

  /** Whatever a caller can say, it can be said to this upstream: it judges by itself. */
  fit(request: ChatRequest, target: Target): Fit {
    return { ignored: droppedFields(request, target) };
  }

  async open(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<AsyncIterable<ChunkBatch>> {
    const askUsage = this.#settings.streamUsage ?? true;
    const response = await this.#post(request, target, attempt, (renamesLimit) =>
      streamedRequestBody(request, target, askUsage, renamesLimit),
    );
    this.#expect(response, 'text/event-stream');
    return readOpenAiStream(response, this.#source(response, target), () =>
      attempt.malformedEvent(),
    );
  }

  async complete(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<ChatAnswer> {
    const response = await this.#post(request, target, attempt, (renamesLimit) =>
      requestBody(request, target, renamesLimit),
    );
    this.#expect(response, 'application/json');
    const json = await readWholeAnswer(this.id, response);
    return answerOf(json, this.#source(response, target));
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }

  /** A deployment's name need not say which model it is: one that refuses `max_tokens` is asked once more, and remembered. */
  async #post(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
    bodyWith: (renamesLimit: boolean) => object,
  ): Promise<UpstreamResponse> {
    const { model } = target;
    const renamesLimit = takesCompletionTokens(target) || this.#refusesMaxTokens.has(model);
    try {
      return await this.#upstream.post(bodyWith(renamesLimit), attempt, request);
    } catch (error) {
      if (renamesLimit || !isRefusalOfMaxTokens(error)) throw error;
      this.#refusesMaxTokens.add(model);
      return this.#upstream.post(bodyWith(true), attempt, request);
    }
  }

  #source({ headers }: UpstreamResponse, { model }: Target): StreamSource {
    const requestId = requestIdOf(headers);
    return defined({ backend: this.id, model, requestId, secrets: this.#secrets });
  }

  #expect(response: UpstreamResponse, mediaType: string): void {
    const contentType = String(response.headers['content-type'] ?? '');
    if (contentType.toLowerCase().startsWith(mediaType)) return;
    response.destroy();
    throw protocolFault(this.id, `answered with "${contentType}" instead of ${mediaType}`);
  }
}

/** OpenAI's words for it are Azure's, too. */
function isRefusalOfMaxTokens(error: unknown): boolean {
  return (
    error instanceof GatewayError &&
    error.fault === 'invalid_request' &&
    error.message.includes("'max_tokens'") &&
    error.message.includes('max_completion_tokens')
  );
}
