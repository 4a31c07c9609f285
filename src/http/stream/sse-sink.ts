import type { MessageEvent } from '@nestjs/common';
import type { Response } from 'express';
import type { Subscriber } from 'rxjs';
import type { FrameSink } from './frame-sink.js';

/** The event stream of an `@Sse` route: Nest writes it. */
export class SseSink implements FrameSink<MessageEvent> {
  constructor(
    private readonly response: Response,
    _contentType: string,
    private readonly subscriber: Subscriber<unknown>,
  ) {
    dropLeadingLine(response);
    holdBack(response);
  }

  decided(): void {
    Reflect.deleteProperty(this.response, 'writableEnded');
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

/**
 * Nest commits an event stream in the turn after its handler was called. A refusal that comes later,
 * as that of limits which are counted elsewhere, still needs a status, or an EventSource would come
 * back for ever. Nest commits no response that has ended; until `decided` this one says so.
 */
function holdBack(response: Response): void {
  Object.defineProperty(response, 'writableEnded', { value: true, configurable: true });
}
