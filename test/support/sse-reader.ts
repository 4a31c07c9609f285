import { createParser } from 'eventsource-parser';
import { BodyReader, type BodySource } from './body-reader.js';
import type { BodyEnd } from './strict-stream.js';

/** One thing an event stream said: an event, a comment or a reconnection time. */
export interface SseItem {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly comment?: string;
  readonly retry?: number;
}

/** Reads an event stream as it comes, also one that is cut. */
export class SseReader {
  readonly #body: BodyReader;
  readonly #items: SseItem[] = [];
  readonly #parser = createParser({
    onEvent: ({ id, event, data }) =>
      this.#items.push({ ...(id !== undefined && { id }), ...(event && { event }), data }),
    onComment: (comment) => this.#items.push({ comment }),
    onRetry: (retry) => this.#items.push({ retry }),
  });

  constructor(source: BodySource) {
    this.#body = new BodyReader(source);
  }

  /** How the body ended: `clean` = with its final chunk, `cut` = without. */
  get ended(): BodyEnd | undefined {
    return this.#body.ended;
  }

  /** What the body failed with when it was cut. */
  get error(): unknown {
    return this.#body.error;
  }

  /** Everything read so far, as text. */
  get raw(): string {
    return this.#body.raw;
  }

  /** The next event, comment or reconnection time; nothing after the end. */
  async next(): Promise<SseItem | undefined> {
    while (this.#items.length === 0 && this.ended === undefined) {
      const text = await this.#body.next();
      if (text !== undefined) this.#parser.feed(text);
    }
    return this.#items.shift();
  }

  /** The next event that says something of an answer: past comments, reconnection times, and `start` and `heartbeat` of `/chat`. */
  async nextEvent(): Promise<SseItem | undefined> {
    for (;;) {
      const item = await this.next();
      if (item === undefined) return item;
      if (item.data !== undefined && item.event !== 'start' && item.event !== 'heartbeat') {
        return item;
      }
    }
  }

  /** Everything that is still to come. */
  async all(): Promise<SseItem[]> {
    const items: SseItem[] = [];
    for (let item = await this.next(); item; item = await this.next()) items.push(item);
    return items;
  }

  /** Stops reading; a fetch body closes its connection then. */
  leave(): Promise<void> {
    return this.#body.leave();
  }
}
