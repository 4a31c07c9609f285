import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type MessageEvent,
  type NestInterceptor,
} from '@nestjs/common';
import type { Response } from 'express';
import { Observable, type Subscriber } from 'rxjs';
import { GatewayError } from '../../contract/gateway-error.js';
import type { StreamChunk } from '../../contract/stream-chunk.js';
import { ChatEvents } from './chat-events.js';

/**
 * Turns what the handler emits into the events of an `@Sse` route. What fails before the opening
 * frame is left to the exception filter, with its real status; afterwards it is a `failed` event.
 */
@Injectable()
export class ChatDialectInterceptor implements NestInterceptor<StreamChunk, MessageEvent> {
  intercept(context: ExecutionContext, next: CallHandler<StreamChunk>): Observable<MessageEvent> {
    const response = context.switchToHttp().getResponse<Response>();
    return new Observable<MessageEvent>((subscriber) => {
      const writer = new EventWriter(response, subscriber);
      // Not before the next turn: anything emitted in this one turns a 400 or 404 into a 200.
      const turn = setImmediate(() => writer.open());
      const subscription = next.handle().subscribe({
        next: (chunk) => {
          try {
            writer.write(chunk);
          } catch (error) {
            // Thrown from here it would end the process.
            response.locals.generation?.fail(error);
            subscription.unsubscribe();
            writer.fail(error);
          }
        },
        error: (error: unknown) => writer.fail(error),
        complete: () => subscriber.complete(),
      });
      return () => {
        clearImmediate(turn);
        subscription.unsubscribe();
        writer.stop();
      };
    });
  }
}

/** The events of one stream. */
class EventWriter {
  #events: ChatEvents | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly response: Response,
    private readonly subscriber: Subscriber<MessageEvent>,
  ) {}

  /** Writes the opening frame, once there is a generation, and fills silence from then on. */
  open(): ChatEvents | undefined {
    const { generation } = this.response.locals;
    if (this.#events || !generation) return this.#events;
    const events = new ChatEvents(generation.record);
    this.#events = events;
    this.#heartbeat = setInterval(() => this.#beat(), generation.route.streams.heartbeatMs);
    this.subscriber.next(events.opening());
    return events;
  }

  write(chunk: StreamChunk): void {
    const event = this.open()?.of(chunk);
    if (!event) return;
    this.subscriber.next(event);
    this.#heartbeat?.refresh();
  }

  fail(error: unknown): void {
    if (!this.#events) {
      this.subscriber.error(error);
      return;
    }
    this.subscriber.next(this.#events.failed(GatewayError.from(error)));
    this.subscriber.complete();
  }

  stop(): void {
    clearInterval(this.#heartbeat);
  }

  #beat(): void {
    // A caller that does not take what is there needs no more of it.
    if (!this.response.writableNeedDrain) {
      this.subscriber.next({ comment: 'heartbeat' });
    }
  }
}
