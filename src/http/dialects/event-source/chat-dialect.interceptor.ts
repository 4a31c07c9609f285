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
import type { EventBatch } from '../../../contract/event-batch.js';
import { type DialectWriter, feed } from '../../stream/dialect-writer.js';
import { ChatEvents } from './chat-events.js';

/** An event, not a comment: clients that read by POST dispatch a comment as a message with no data. */
const HEARTBEAT = 'event: heartbeat\ndata: {}\n\n';

/**
 * Turns what the handler emits into the events of an `@Sse` route. What fails before the opening
 * event is left to the exception filter, with its real status; afterwards it is a `failed` event.
 */
@Injectable()
export class ChatDialectInterceptor implements NestInterceptor<EventBatch, MessageEvent> {
  intercept(context: ExecutionContext, next: CallHandler<EventBatch>): Observable<MessageEvent> {
    const response = context.switchToHttp().getResponse<Response>();
    return new Observable<MessageEvent>((subscriber) =>
      feed(new EventWriter(response, subscriber), next.handle(), response),
    );
  }
}

/** The events of one stream. */
class EventWriter implements DialectWriter<EventBatch> {
  #events: ChatEvents | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly response: Response,
    private readonly subscriber: Subscriber<MessageEvent>,
  ) {}

  /** Writes the opening event, once there is a generation, and fills silence from then on. */
  start(): void {
    const { generation } = this.response.locals;
    if (this.#events || !generation) return;
    this.#events = new ChatEvents(generation.record);
    this.#heartbeat = setInterval(() => this.#beat(), generation.route.streams.heartbeatMs);
    this.subscriber.next(this.#events.opening());
  }

  write(batch: EventBatch): void {
    this.start();
    for (const { parts } of batch.events) {
      for (const part of parts) {
        const event = this.#events?.of(part);
        if (!event) continue;
        this.subscriber.next(event);
        this.#heartbeat?.refresh();
      }
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
    clearInterval(this.#heartbeat);
  }

  /** Written past Nest, which would give it an id: a caller that was cut must name the last piece it has. */
  #beat(): void {
    // A caller that does not take what is there needs no more of it.
    if (this.response.headersSent && !this.response.writableNeedDrain) {
      this.response.write(HEARTBEAT);
    }
  }
}
