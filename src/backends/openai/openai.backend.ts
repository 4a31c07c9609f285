import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { AttemptContext, ChatBackend, Fit, Target } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import type { EventBatch } from '../../contract/event-batch.js';
import { collectAnswer } from '../shared/answer/collected-answer.js';
import { type StreamSource, streamSource } from '../shared/connection/stream-source.js';
import { UpstreamClient } from '../shared/connection/upstream-client.js';
import { secretsOf } from '../shared/errors/upstream-secrets.js';
import { protocolFault } from '../shared/errors/upstream-fault.js';
import type { UpstreamResponse } from '../shared/connection/upstream-response.js';
import type { UpstreamSettings } from '../shared/connection/upstream-settings.js';
import { readWholeAnswer } from '../shared/connection/whole-answer.js';
import { LateUsage } from './late-usage.js';
import { parseOpenAiAnswer } from './openai-answer.js';
import { fitOf } from './openai-request.js';
import { OpenAiSender } from './openai-sender.js';
import { readOpenAiStream, streamOf } from './openai-stream.js';

export interface OpenAiSettings extends UpstreamSettings {
  /** `false`: this server does not know `stream_options`, so usage is not asked for. */
  readonly streamUsage?: boolean | undefined;
}

/** OpenAI's Chat Completions, at OpenAI or at any server compatible with it. */
export class OpenAiBackend implements ChatBackend {
  readonly id: string;
  readonly #settings: OpenAiSettings;
  readonly #secrets: readonly string[];
  readonly #upstream: UpstreamClient;
  readonly #sender: OpenAiSender;
  readonly #lateUsage = new LateUsage();

  constructor(settings: OpenAiSettings) {
    this.id = settings.id;
    this.#settings = settings;
    this.#secrets = secretsOf(settings);
    this.#upstream = new UpstreamClient(settings, '/chat/completions');
    this.#sender = new OpenAiSender(this.#upstream, settings.streamUsage ?? true);
  }

  fit(request: ChatRequest, target: Target): Fit {
    return fitOf(request, target);
  }

  async open(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<AsyncIterable<EventBatch>> {
    const response = await this.#sender.send(request, target, true, attempt);
    const source = this.#source(response, target);
    switch (this.#typeOf(response)) {
      case 'stream':
        return readOpenAiStream(response, source, attempt.notices, this.#lateUsage);
      // An error in a 200, or an answer of a server that cannot stream.
      case 'json':
        return streamOf(
          await readWholeAnswer(source, response, response.headers),
          source,
          attempt.notices,
        );
    }
  }

  async complete(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<ChatAnswer> {
    const response = await this.#sender.send(request, target, false, attempt);
    const source = this.#source(response, target);
    switch (this.#typeOf(response)) {
      case 'json':
        return parseOpenAiAnswer(
          await readWholeAnswer(source, response, response.headers),
          source,
          attempt.notices,
        );
      case 'stream':
        return collectAnswer(
          source,
          readOpenAiStream(response, source, attempt.notices, this.#lateUsage),
        );
    }
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }

  #source(response: UpstreamResponse, { model }: Target): StreamSource {
    return streamSource(this.#settings, this.#secrets, response, model);
  }

  #typeOf(response: UpstreamResponse): 'stream' | 'json' {
    const contentType = String(response.headers['content-type'] ?? '');
    if (/^text\/event-stream\b/i.test(contentType)) return 'stream';
    if (/^(?:application|text)\/(?:[\w.-]+\+)?json\b/i.test(contentType)) return 'json';
    response.destroy();
    throw protocolFault(this.id, `answered with "${contentType}"`);
  }
}
