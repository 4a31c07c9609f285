import OpenAI from 'openai';
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
  readonly #openai: OpenAI;

  constructor(settings: OpenAiSettings) {
    this.id = settings.id;
    this.#settings = settings;
    this.#secrets = secretsOf(settings);
    this.#upstream = new UpstreamClient(settings);
    this.#openai = createOpenAi(settings.baseUrl, this.#upstream);
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
    const response = await this.#post(streamedRequestBody(request, target, askUsage), attempt);
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
    const response = await this.#post(requestBody(request, target), attempt);
    this.#expect(response, 'application/json');
    const json = await readWholeAnswer(this.id, response);
    return answerOf(json, this.#source(response, target));
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }

  async #post(
    body: OpenAI.ChatCompletionCreateParams,
    attempt: AttemptContext,
  ): Promise<UpstreamResponse> {
    // The package hands these to our `fetch` as they are.
    const fetchOptions: object = { attempt } satisfies FetchOptions;
    const options = { signal: attempt.signal, fetchOptions };
    try {
      const response = await this.#openai.chat.completions.create(body, options).asResponse();
      return (response as unknown as UpstreamAsResponse).upstream;
    } catch (error) {
      // What our fetch throws comes back wrapped in the package's APIConnectionError.
      const cause = error instanceof Error ? error.cause : undefined;
      throw cause instanceof GatewayError ? cause : error;
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

/** What our `fetch` has to know and the package has no word for. */
interface FetchOptions {
  readonly attempt: AttemptContext;
}

/** The part of a fetch `Response` that the package looks at before it hands it over. */
class UpstreamAsResponse {
  readonly ok = true;
  readonly status: number;
  readonly headers: Headers;

  constructor(
    readonly url: string,
    readonly upstream: UpstreamResponse,
  ) {
    this.status = upstream.statusCode;
    this.headers = new Headers({ 'content-type': String(upstream.headers['content-type']) });
  }
}

/**
 * The official client, with everything that it would take from the environment or decide by
 * itself (retries, deadlines, logging, keys, headers) made explicit. It shapes the request and
 * its URL; the sending is ours: web streams, and the package's own iterators, cost more per chunk
 * than all of Sluice.
 */
function createOpenAi(baseUrl: string, upstream: UpstreamClient): OpenAI {
  return new OpenAI({
    baseURL: baseUrl,
    // UpstreamClient sends the configured key, if any. None of the package's headers is passed on:
    // OPENAI_CUSTOM_HEADERS of the environment ends up among them and cannot be switched off.
    apiKey: 'sent-by-upstream-client',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    // Sluice's deadlines abort the signal; setTimeout's longest wait is no deadline.
    timeout: 2 ** 31 - 1,
    logLevel: 'off',
    fetch: async (url, init) => {
      // The package calls it with its URL and JSON as text.
      const { body, attempt } = init as unknown as { body: string } & FetchOptions;
      const response = await upstream.post(url as string, body, attempt);
      return new UpstreamAsResponse(url as string, response) as unknown as Response;
    },
  });
}
