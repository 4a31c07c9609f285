import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { Response } from 'express';
import { Observable, type Subscriber } from 'rxjs';
import { type ChatAnswer, isBatch } from '../../../contract/chat-answer.js';
import { GatewayError } from '../../../contract/gateway-error.js';
import type { ChunkBatch } from '../../../contract/stream-chunk.js';
import type { Generation } from '../../../generation/generation.service.js';
import { setTargetHeaders } from '../../generation-headers.js';
import { type DialectWriter, feed } from '../../stream/dialect-writer.js';
import { EventStream } from '../../stream/response-sink.js';
import type { Answering } from '../../stream/generation-starter.js';
import { toChatCompletion } from './encode-answer.js';
import { ChatCompletionEncoder } from './encode-stream.js';
import type { ChatCompletionOptions } from './parse-request.js';

/**
 * Writes what the handler emits as a Chat Completion, streamed or whole. It stands outermost: what
 * fails before the response is committed is left to the exception filter, with its real status.
 */
@Injectable()
export class OpenAiDialectInterceptor implements NestInterceptor<
  Answering<ChatCompletionOptions>,
  void
> {
  intercept(
    context: ExecutionContext,
    next: CallHandler<Answering<ChatCompletionOptions>>,
  ): Observable<void> {
    const response = context.switchToHttp().getResponse<Response>();
    return new Observable<void>((subscriber) =>
      feed(new ResponseWriter(response, subscriber), next.handle(), response),
    );
  }
}

/** The answer to one request. */
class ResponseWriter implements DialectWriter<ChatCompletionOptions> {
  readonly #stream: EventStream;
  #generation: Generation | undefined;
  #encoder: ChatCompletionEncoder | undefined;

  constructor(
    private readonly response: Response,
    private readonly subscriber: Subscriber<void>,
  ) {
    this.#stream = new EventStream(response, () => this.#announceTarget());
  }

  begin(generation: Generation, { includeUsage }: ChatCompletionOptions): void {
    this.#generation = generation;
    this.#encoder = new ChatCompletionEncoder(includeUsage);
    if (generation.record.streaming) this.#stream.start(generation.route.streams);
  }

  write(value: ChunkBatch | ChatAnswer): void {
    if (isBatch(value)) return this.#writeBatch(value);
    this.#announceTarget();
    this.response.status(200).json(toChatCompletion(value));
  }

  /** What came in one read leaves in one write. */
  #writeBatch(batch: ChunkBatch): void {
    let frames = '';
    try {
      for (const chunk of batch) frames += this.#encoder?.encode(chunk) ?? '';
    } finally {
      // Also what comes before a chunk that cannot be written.
      if (frames !== '') this.#stream.write(frames);
    }
  }

  fail(error: unknown): void {
    if (!this.#stream.isCommitted) {
      this.subscriber.error(error);
      return;
    }
    const { id, record } = this.response.locals.context;
    const last = this.#encoder?.failed(GatewayError.from(error), id, record);
    this.#stream.cut(last ?? '');
    this.#finish();
  }

  complete(): void {
    this.#stream.end();
    this.#finish();
  }

  stop(): void {
    this.#stream.stop();
  }

  #announceTarget(): void {
    if (this.#generation) setTargetHeaders(this.response, this.#generation.record);
  }

  /** Nest takes the last value of the route's Observable, and complains when there was none. */
  #finish(): void {
    this.subscriber.next();
    this.subscriber.complete();
  }
}
