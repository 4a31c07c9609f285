import type { MessageEvent } from '@nestjs/common';
import type { Response } from 'express';
import type { Subscriber } from 'rxjs';
import type { FrameSink } from './frame-sink.js';

/** The event stream of an `@Sse` route: Nest writes it, and commits it in the turn after its handler. */
export class SseSink implements FrameSink<MessageEvent> {
  constructor(
    private readonly response: Response,
    _contentType: string,
    private readonly subscriber: Subscriber<unknown>,
  ) {
    dropLeadingLine(response);
  }

  write(frames: readonly MessageEvent[]): void {
    for (const frame of frames) this.subscriber.next(frame);
  }

  /** Past Nest, which would give it an id: a caller that was cut must name the last piece it has. */
  fill(text: string): void {
    this.response.write(text);
  }

  end(): void {
    this.subscriber.complete();
  }

  /** A clean end: the last event says that the answer failed, and EventSource hears of an end alike. */
  fail(last: MessageEvent): void {
    this.subscriber.next(last);
    this.subscriber.complete();
  }
}

/**
 * Drops the empty line that Nest opens an event stream with: EventSource skips it, but clients that
 * read by POST dispatch a message without data, on which a naive `JSON.parse` throws.
 */
function dropLeadingLine(response: Response): void {
  const write = response.write.bind(response) as (...given: unknown[]) => boolean;
  response.write = (...given: unknown[]) => {
    response.write = write;
    return given[0] === '\n' || write(...given);
  };
}
