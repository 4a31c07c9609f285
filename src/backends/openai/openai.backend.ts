import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { AttemptContext, ChatBackend, Fit, Target } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import { defined } from '../../contract/json.js';
import type { ChunkBatch } from '../../contract/stream-chunk.js';
import type { StreamSource } from '../shared/stream-source.js';
import { UpstreamClient } from '../shared/upstream-client.js';
import { secretsOf } from '../shared/upstream-complaint.js';
import { protocolFault, requestIdOf } from '../shared/upstream-fault.js';
import type { UpstreamResponse } from '../shared/upstream-response.js';
import type { UpstreamSettings } from '../shared/upstream-settings.js';
import { readWholeAnswer } from '../shared/whole-answer.js';
import { LateUsage } from './late-usage.js';
import { answerOf } from './openai-answer.js';
import { requestBody, streamedRequestBody } from './openai-request.js';
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
  readonly #lateUsage = new LateUsage();

  constructor(settings: OpenAiSettings) {
    this.id = settings.id;
    this.#settings = settings;
    this.#secrets = secretsOf(settings);
    this.#upstream = new UpstreamClient(settings, '/chat/completions');
  }

  /** Whatever a caller can say, it can be said to this upstream: it judges by itself. */
  fit(): Fit {
    return { ignored: [] };
  }

  async open(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<AsyncIterable<ChunkBatch>> {
    const askUsage = this.#settings.streamUsage ?? true;
    const response = await this.#upstream.post(
      streamedRequestBody(request, target, askUsage),
      attempt,
    );
    this.#expect(response, 'text/event-stream');
    const source = this.#source(response, target);
    return readOpenAiStream(response, source, attempt, this.#lateUsage);
  }

  async complete(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<ChatAnswer> {
    const response = await this.#upstream.post(requestBody(request, target), attempt);
    this.#expect(response, 'application/json');
    const source = this.#source(response, target);
    return answerOf(await readWholeAnswer(source, response), source, attempt);
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }

  #source({ headers }: UpstreamResponse, { model }: Target): StreamSource {
    const requestId = requestIdOf(headers);
    const { maxEventBytes, eventBytes } = this.#settings;
    return defined({
      backend: this.id,
      model,
      requestId,
      secrets: this.#secrets,
      maxEventBytes,
      eventBytes,
    });
  }

  #expect(response: UpstreamResponse, mediaType: string): void {
    const contentType = String(response.headers['content-type'] ?? '');
    if (contentType.toLowerCase().startsWith(mediaType)) return;
    response.destroy();
    throw protocolFault(this.id, `answered with "${contentType}" instead of ${mediaType}`);
  }
}
