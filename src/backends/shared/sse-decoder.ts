import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { MAX_EVENT_CHARS, tooLongFault } from './upstream-fault.js';

/** Bytes of an event stream to its events, wherever the bytes were split. */
export class SseDecoder {
  readonly #text = new TextDecoder();
  #events: EventSourceMessage[] = [];
  readonly #parser;

  /**
   * @param onNoise called for a line that is no SSE. The parser passes over such a line without a
   *   word when it came in pieces, so this counts at least, not exactly.
   */
  constructor(backend: string, onNoise: () => void) {
    this.#parser = createParser({
      maxBufferSize: MAX_EVENT_CHARS,
      onEvent: (event) => this.#events.push(event),
      onError: (error) => {
        // llama.cpp has had a field of its own for a failure.
        if (error.type === 'unknown-field' && error.field === 'error' && error.value) {
          this.#events.push({ id: undefined, event: 'error', data: error.value });
          return;
        }
        // Other fields and lines that are no SSE are noise; a full buffer ends the stream.
        if (error.type !== 'max-buffer-size-exceeded') return onNoise();
        throw tooLongFault(backend);
      },
    });
  }

  /** The events completed by `bytes`. */
  decode(bytes: Uint8Array): readonly EventSourceMessage[] {
    this.#events = [];
    this.#parser.feed(this.#text.decode(bytes, { stream: true }));
    return this.#events;
  }
}
