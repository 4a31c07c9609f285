import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { AttemptContext, ChatBackend, Fit, Target } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { defined, isJsonObject } from '../../contract/json.js';
import type { ChunkBatch } from '../../contract/stream-chunk.js';
import { collectAnswer } from '../shared/collected-answer.js';
import type { StreamSource } from '../shared/stream-source.js';
import { UpstreamClient } from '../shared/upstream-client.js';
import { secretsOf } from '../shared/upstream-secrets.js';
import { protocolFault } from '../shared/upstream-fault.js';
import { requestIdOf, type UpstreamResponse } from '../shared/upstream-response.js';
import type { UpstreamSettings } from '../shared/upstream-settings.js';
import { readWholeAnswer } from '../shared/whole-answer.js';
import { LateUsage } from './late-usage.js';
import { answerOf } from './openai-answer.js';
import { requestBody, streamedRequestBody } from './openai-request.js';
import { readOpenAiStream, streamOf } from './openai-stream.js';

export interface OpenAiSettings extends UpstreamSettings {
  /** `false`: this server does not know `stream_options`, so usage is not asked for. */
  readonly streamUsage?: boolean;
}

/** OpenAI's Chat Completions, at OpenAI or at any server compatible with it. */
export class OpenAiBackend implements ChatBackend {
  readonly id: string;
  readonly #settings: OpenAiSettings;
  #asksUsage: boolean;
  readonly #secrets: readonly string[];
  readonly #upstream: UpstreamClient;
  readonly #lateUsage = new LateUsage();

  constructor(settings: OpenAiSettings) {
    this.id = settings.id;
    this.#settings = settings;
    this.#asksUsage = settings.streamUsage ?? true;
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
    const response = await this.#openStream(request, target, attempt);
    const source = this.#source(response, target);
    switch (this.#typeOf(response)) {
      case 'stream':
        return readOpenAiStream(response, source, attempt, this.#lateUsage);
      // An error in a 200, or an answer of a server that cannot stream.
      case 'json': {
        const json = await readWholeAnswer(source, response);
        // What it throws is thrown while another target may still be asked.
        answerOf(json, source, attempt);
        return streamOf(json, source, attempt);
      }
    }
  }

  async complete(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<ChatAnswer> {
    const response = await this.#post(requestBody(request, target), request, attempt);
    const source = this.#source(response, target);
    switch (this.#typeOf(response)) {
      case 'json':
        return answerOf(await readWholeAnswer(source, response), source, attempt);
      case 'stream':
        return collectAnswer(source, readOpenAiStream(response, source, attempt));
    }
  }

  /** Asks for usage; a server that does not know `stream_options` is asked once more without, and from then on. */
  async #openStream(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<UpstreamResponse> {
    const post = (askUsage: boolean) =>
      this.#post(streamedRequestBody(request, target, askUsage), request, attempt);
    if (!this.#asksUsage) return post(false);
    try {
      return await post(true);
    } catch (error) {
      if (!refusesStreamOptions(error) || wishesMore(request)) throw error;
      const response = await post(false);
      this.#asksUsage = false;
      return response;
    }
  }

  async #post(
    body: object,
    { wire }: ChatRequest,
    attempt: AttemptContext,
  ): Promise<UpstreamResponse> {
    try {
      return await this.#upstream.post(body, attempt);
    } catch (error) {
      // Who names models or providers of its own may have named some that are not there.
      const isChoosy = ['models', 'fallbacks', 'provider'].some((name) => wire?.body[name] != null);
      throw isChoosy && error instanceof GatewayError ? error.doubted() : error;
    }
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

  #typeOf(response: UpstreamResponse): 'stream' | 'json' {
    const contentType = String(response.headers['content-type'] ?? '');
    if (/^text\/event-stream\b/i.test(contentType)) return 'stream';
    if (/^(?:application|text)\/(?:[\w.-]+\+)?json\b/i.test(contentType)) return 'json';
    response.destroy();
    throw protocolFault(this.id, `answered with "${contentType}"`);
  }
}

/** 400 or 422: "Unrecognized request argument supplied: stream_options", "Extra inputs are not permitted". */
function refusesStreamOptions(error: unknown): boolean {
  if (!(error instanceof GatewayError) || error.fault !== 'invalid_request') return false;
  return /\bstream[_ ]options\b/i.test(`${error.param ?? ''} ${error.message}`);
}

/** Its caller's own options may be what is refused: that says nothing of the server. */
function wishesMore({ wire }: ChatRequest): boolean {
  const wished = wire?.body['stream_options'];
  if (wished == null) return false;
  return !isJsonObject(wished) || Object.keys(wished).some((name) => name !== 'include_usage');
}
