import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { Observable, type Subscriber } from 'rxjs';
import { type ChatAnswer, isBatch } from '../../../contract/chat-answer.js';
import { GatewayError } from '../../../contract/gateway-error.js';
import type { EventBatch } from '../../../contract/event-batch.js';
import { setTargetHeaders } from '../../generation-headers.js';
import { type DialectWriter, feed } from '../../stream/dialect-writer.js';
import { EventStream } from '../../stream/event-stream.js';
import { toChatCompletion } from './chat-completion-answer.js';
import { ChatCompletionEncoder } from './chat-completion-encoder.js';

/**
 * Writes what the handler emits as a Chat Completion, streamed or whole. It stands outermost: what
 * fails before the response is committed is left to the exception filter, with its real status.
 */
@Injectable()
export class OpenAiDialectInterceptor implements NestInterceptor<EventBatch | ChatAnswer, void> {
  intercept(
    context: ExecutionContext,
    next: CallHandler<EventBatch | ChatAnswer>,
  ): Observable<void> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    return new Observable<void>((subscriber) =>
      feed(new ResponseWriter(request, response, subscriber), next.handle(), response),
    );
  }
}

/** The answer to one request. */
class ResponseWriter implements DialectWriter<EventBatch | ChatAnswer> {
  readonly #stream: EventStream;
  #encoder: ChatCompletionEncoder | undefined;

  constructor(
    private readonly request: Request,
    private readonly response: Response,
    private readonly subscriber: Subscriber<void>,
  ) {
    this.#stream = new EventStream(response, () => this.#announceTarget());
  }

  start(): void {
    const { generation } = this.response.locals;
    if (generation?.record.streaming) this.#stream.start(generation.route.streams);
  }

  write(value: EventBatch | ChatAnswer): void {
    if (isBatch(value)) return this.#writeBatch(value);
    this.#announceTarget();
    this.response.status(200).json(toChatCompletion(value));
  }

  /** What came in one read leaves in one write. */
  #writeBatch(batch: EventBatch): void {
    const encoder = this.#encoderOf();
    let frames = '';
    try {
      for (const event of batch.events) frames += encoder.encode(event);
    } finally {
      // Also what comes before an event that cannot be written.
      if (frames !== '') this.#stream.write(frames);
    }
  }

  fail(error: unknown): void {
    if (!this.#stream.isCommitted) {
      this.subscriber.error(error);
      return;
    }
    const { requestId, generation } = this.response.locals;
    const failure = GatewayError.from(error);
    this.#stream.cut(this.#encoderOf().failure(failure, requestId, generation?.record));
    this.#finish();
  }

  complete(): void {
    this.#stream.end();
    this.#finish();
  }

  stop(): void {
    this.#stream.stop();
  }

  #encoderOf(): ChatCompletionEncoder {
    const body = this.request.body as { stream_options?: { include_usage?: unknown } | null };
    this.#encoder ??= new ChatCompletionEncoder(body.stream_options?.include_usage === true);
    return this.#encoder;
  }

  #announceTarget(): void {
    const { generation } = this.response.locals;
    if (generation) setTargetHeaders(generation, this.response);
  }

  /** Nest takes the last value of the route's Observable, and complains when there was none. */
  #finish(): void {
    this.subscriber.next();
    this.subscriber.complete();
  }
}
