import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type MessageEvent,
  type NestInterceptor,
} from '@nestjs/common';
import type { Response } from 'express';
import { Observable, type Subscriber } from 'rxjs';
import { GatewayError } from '../../../contract/gateway-error.js';
import type { ChunkBatch } from '../../../contract/stream-chunk.js';
import { type ChatAnswer, isBatch } from '../../../contract/chat-answer.js';
import type { Generation } from '../../../generation/generation.service.js';
import type { Answering } from '../../stream/generation-starter.js';
import { type DialectWriter, feed } from '../../stream/dialect-writer.js';
import { EventSourceEncoder } from './encode-stream.js';

/** An event, not a comment: clients that read by POST dispatch a comment as a message with no data. */
const HEARTBEAT = 'event: heartbeat\ndata: {}\n\n';

/**
 * Turns what the handler emits into the events of an `@Sse` route. What fails before the opening
 * event is left to the exception filter, with its real status; afterwards it is a `failed` event.
 */
@Injectable()
export class ChatDialectInterceptor implements NestInterceptor<Answering<void>, MessageEvent> {
  intercept(
    context: ExecutionContext,
    next: CallHandler<Answering<void>>,
  ): Observable<MessageEvent> {
    const response = context.switchToHttp().getResponse<Response>();
    return new Observable<MessageEvent>((subscriber) =>
      feed(new EventWriter(response, subscriber), next.handle(), response),
    );
  }
}

/** The events of one stream. */
class EventWriter implements DialectWriter<void> {
  #generation: Generation | undefined;
  #events: EventSourceEncoder | undefined;
  #opening: NodeJS.Immediate | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly response: Response,
    private readonly subscriber: Subscriber<MessageEvent>,
  ) {}

  begin(generation: Generation): void {
    this.#generation = generation;
    // What fails without an upstream, as where all targets are left alone, fails within this turn:
    // opened in it, a stream would answer with a 200 what has a status of its own.
    this.#opening = setImmediate(() => this.#open());
  }

  write(value: ChunkBatch | ChatAnswer): void {
    if (!isBatch(value)) return;
    const events = this.#open();
    for (const chunk of value) {
      const event = events?.encode(chunk);
      if (!event) continue;
      this.subscriber.next(event);
      this.#heartbeat?.refresh();
    }
  }

  fail(error: unknown): void {
    if (!this.#events) {
      this.subscriber.error(error);
      return;
    }
    this.subscriber.next(this.#events.failed(GatewayError.from(error)));
    this.subscriber.complete();
  }

  complete(): void {
    this.subscriber.complete();
  }

  stop(): void {
    clearImmediate(this.#opening);
    clearInterval(this.#heartbeat);
  }

  /** Writes the opening event, and fills silence from then on. */
  #open(): EventSourceEncoder | undefined {
    if (this.#events || !this.#generation) return this.#events;
    const { record, route } = this.#generation;
    this.#events = new EventSourceEncoder(record);
    this.#heartbeat = setInterval(() => this.#beat(), route.streams.heartbeatMs);
    this.subscriber.next(this.#events.opening());
    return this.#events;
  }

  /** Written past Nest, which would give it an id: a caller that was cut must name the last piece it has. */
  #beat(): void {
    // A caller that does not take what is there needs no more of it.
    if (this.response.headersSent && !this.response.writableNeedDrain) {
      this.response.write(HEARTBEAT);
    }
  }
}
