import { createParser } from 'eventsource-parser';

/** One thing an event stream said: an event, a comment or a reconnection time. */
export interface SseItem {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly comment?: string;
  readonly retry?: number;
}

/** The body of `fetch` or undici, or a response that has one. */
export type SseSource =
  AsyncIterable<Uint8Array> | { readonly body: AsyncIterable<Uint8Array> | null };

/** Reads an event stream as it comes, also one that is cut. */
export class SseReader {
  readonly #bytes: AsyncIterator<Uint8Array>;
  readonly #text = new TextDecoder();
  readonly #items: SseItem[] = [];
  readonly #parser = createParser({
    onEvent: ({ id, event, data }) =>
      this.#items.push({ ...(id !== undefined && { id }), ...(event && { event }), data }),
    onComment: (comment) => this.#items.push({ comment }),
    onRetry: (retry) => this.#items.push({ retry }),
  });
  #raw = '';
  #ended: 'clean' | 'cut' | undefined;
  #error: unknown;

  constructor(source: SseSource) {
    const body = 'body' in source ? source.body : source;
    if (body === null) throw new Error('The response has no body.');
    this.#bytes = body[Symbol.asyncIterator]();
  }

  /** How the body ended: `clean` = with its final chunk, `cut` = without. */
  get ended(): 'clean' | 'cut' | undefined {
    return this.#ended;
  }

  /** What the body failed with when it was cut. */
  get error(): unknown {
    return this.#error;
  }

  /** Everything read so far, as text. */
  get raw(): string {
    return this.#raw;
  }

  /** The next event, comment or reconnection time; nothing after the end. */
  async next(): Promise<SseItem | undefined> {
    while (this.#items.length === 0 && this.#ended === undefined) await this.#read();
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
  async leave(): Promise<void> {
    await this.#bytes.return?.();
  }

  async #read(): Promise<void> {
    try {
      const { done, value } = await this.#bytes.next();
      if (done) {
        this.#ended = 'clean';
        return;
      }
      const text = this.#text.decode(value, { stream: true });
      this.#raw += text;
      this.#parser.feed(text);
    } catch (error) {
      this.#ended = 'cut';
      this.#error = error;
    }
  }
}
