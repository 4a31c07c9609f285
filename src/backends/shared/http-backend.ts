import type { ChatAnswer } from '../../contract/chat-answer.js';
import type {
  AttemptContext,
  ChatBackend,
  Fit,
  Target,
  TokenCount,
  UpstreamNotices,
} from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import type { EventBatch } from '../../contract/event-batch.js';
import type { JsonObject } from '../../contract/json.js';
import { collectAnswer } from './answer/collected-answer.js';
import { type StreamSource, streamSource } from './connection/stream-source.js';
import { UpstreamClient } from './connection/upstream-client.js';
import type { UpstreamResponse } from './connection/upstream-response.js';
import type { UpstreamSettings } from './connection/upstream-settings.js';
import { readWholeAnswer } from './connection/whole-answer.js';
import { protocolFault } from './errors/upstream-fault.js';
import { secretsOf } from './errors/upstream-secrets.js';

/** How a kind of upstream is asked, and how its answers are read. */
export interface UpstreamProtocol {
  /** Where requests go, below the base URL. */
  readonly path: string;
  /** Absent where it cannot count. */
  readonly counting?: TokenCounting;
  /** As `ChatBackend.fit`. */
  fit(request: ChatRequest, target: Target): Fit;
  /** Makes the request's body and posts it. @throws GatewayError as `UpstreamClient.post` */
  send(
    upstream: UpstreamClient,
    request: ChatRequest,
    target: Target,
    stream: boolean,
    attempt: AttemptContext,
  ): Promise<UpstreamResponse>;
  /** What an answer of this media type is; nothing where it is none of this protocol. */
  formOf(mediaType: string): 'stream' | 'whole' | undefined;
  readStream(
    bytes: AsyncIterable<Uint8Array, undefined>,
    source: StreamSource,
    notices: UpstreamNotices,
  ): AsyncIterable<EventBatch>;
  /** @throws GatewayError what the upstream says of a failure, `upstream_cut`, `upstream_protocol` */
  readWhole(json: JsonObject, source: StreamSource, notices: UpstreamNotices): ChatAnswer;
  /**
   * The same as a stream, where a server answers whole although it was asked to stream. Absent:
   * `readStream` reads that, too.
   */
  streamWhole?(
    json: JsonObject,
    source: StreamSource,
    notices: UpstreamNotices,
  ): AsyncIterable<EventBatch>;
}

/** How an upstream is asked for the length of a prompt. */
export interface TokenCounting {
  /** Below the base URL. */
  readonly path: string;
  send(
    upstream: UpstreamClient,
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<UpstreamResponse>;
  /** @throws GatewayError `upstream_protocol` where there is no count */
  read(json: JsonObject, source: StreamSource): number;
}

/** An upstream that is posted JSON, and answers with a stream or with a JSON object, whichever was asked for. */
export class HttpBackend implements ChatBackend {
  readonly id: string;
  readonly #secrets: readonly string[];
  readonly #upstream: UpstreamClient;
  readonly #counter: UpstreamClient | undefined;
  readonly countTokens: TokenCount | undefined;

  constructor(
    private readonly settings: UpstreamSettings,
    private readonly protocol: UpstreamProtocol,
  ) {
    this.id = settings.id;
    this.#secrets = secretsOf(settings);
    this.#upstream = new UpstreamClient(settings, protocol.path);
    const { counting } = protocol;
    if (!counting) return;
    const counter = new UpstreamClient(settings, counting.path);
    this.#counter = counter;
    this.countTokens = async (request, target, attempt) => {
      const response = await counting.send(counter, request, target, attempt);
      const source = this.#source(response, target, request);
      return counting.read(await readWholeAnswer(source, response, response.headers), source);
    };
  }

  fit(request: ChatRequest, target: Target): Fit {
    return this.protocol.fit(request, target);
  }

  async open(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<AsyncIterable<EventBatch>> {
    const { protocol } = this;
    const response = await protocol.send(this.#upstream, request, target, true, attempt);
    const source = this.#source(response, target, request);
    if (this.#formOf(response) === 'stream' || !protocol.streamWhole) {
      return protocol.readStream(response, source, attempt.notices);
    }
    // An error in a 200, or an answer of a server that cannot stream.
    const json = await readWholeAnswer(source, response, response.headers);
    return protocol.streamWhole(json, source, attempt.notices);
  }

  async complete(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<ChatAnswer> {
    const { protocol } = this;
    const response = await protocol.send(this.#upstream, request, target, false, attempt);
    const source = this.#source(response, target, request);
    if (this.#formOf(response) === 'stream') {
      return collectAnswer(source, protocol.readStream(response, source, attempt.notices));
    }
    const json = await readWholeAnswer(source, response, response.headers);
    return protocol.readWhole(json, source, attempt.notices);
  }

  async close(): Promise<void> {
    await Promise.all([this.#upstream.close(), this.#counter?.close()]);
  }

  #source(
    response: UpstreamResponse,
    { model }: Target,
    { sampling: { maxTokens } }: ChatRequest,
  ): StreamSource {
    return streamSource(this.settings, this.#secrets, response, model, maxTokens);
  }

  #formOf(response: UpstreamResponse): 'stream' | 'whole' {
    const mediaType = String(response.headers['content-type'] ?? '');
    const form = this.protocol.formOf(mediaType);
    if (form !== undefined) return form;
    response.destroy();
    throw protocolFault(this.id, `answered with "${mediaType}"`);
  }
}
