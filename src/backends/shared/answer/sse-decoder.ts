import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { HeldBytes } from '../../../contract/byte-budget.js';
import type { StreamSource } from '../connection/stream-source.js';
import { tooLongFault } from '../errors/upstream-fault.js';

/** An event that is still open has no empty line in it. */
const EVENT_END = /\n\n|\r\r|\r\n\r\n/;

/** As much of an event as shows whether it begins like JSON. */
const OPENING_CHARS = 256;

/** Longest event that does not. */
export const MAX_NOISE_BYTES = 64 * 1024;

/** Bytes of an event stream to its events, wherever the bytes were split. */
export class SseDecoder {
  readonly #text = new TextDecoder();
  #events: EventSourceMessage[] = [];
  /** The last call completed some: they have been passed on by now. */
  #hadEvents = false;
  readonly #parser;
  readonly #held: HeldBytes;
  /** At least what there is of the event that is still open. */
  #openBytes = 0;
  /** How that event begins. */
  #opening = '';

  /**
   * @param onNoise called for a line that is no SSE. The parser passes over such a line without a
   *   word when it came in pieces, so this counts at least, not exactly.
   */
  constructor(
    private readonly source: StreamSource,
    onNoise: () => void,
  ) {
    const { backend, maxEventBytes, eventBytes } = source;
    this.#held = eventBytes.open();
    this.#parser = createParser({
      maxBufferSize: maxEventBytes,
      onEvent: (event) => {
        // The parser looks only at what waits for its end.
        if (event.data.length > maxEventBytes) throw tooLongFault(backend, maxEventBytes);
        this.#events.push(event);
      },
      onError: (error) => {
        // llama.cpp has had a field of its own for a failure.
        if (error.type === 'unknown-field' && error.field === 'error' && error.value) {
          this.#events.push({ id: undefined, event: 'error', data: error.value });
          return;
        }
        // Other fields and lines that are no SSE are noise; a full buffer ends the stream.
        if (error.type !== 'max-buffer-size-exceeded') return onNoise();
        throw tooLongFault(backend, maxEventBytes);
      },
    });
  }

  /**
   * The events completed by `bytes`.
   * @throws GatewayError `upstream_protocol` for an event that is too long, `overloaded`
   */
  decode(bytes: Uint8Array): readonly EventSourceMessage[] {
    return this.#feed(this.#text.decode(bytes, { stream: true }), bytes.byteLength);
  }

  /** The last event, where the stream ended without the empty line behind it. */
  end(): readonly EventSourceMessage[] {
    return this.#feed(`${this.#text.decode()}\n\n`, 0);
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }

  /** What does not begin like JSON will not be an event, however long it gets. */
  #refuseNoise(): void {
    const [, first] = /^data: ?(\S)/m.exec(this.#opening) ?? [];
    if (first !== undefined && !'{["'.includes(first)) {
      throw tooLongFault(this.source.backend, MAX_NOISE_BYTES);
    }
  }

  #feed(text: string, bytes: number): readonly EventSourceMessage[] {
    this.#openBytes = this.#hadEvents ? bytes : this.#openBytes + bytes;
    this.#held.hold(this.#openBytes);
    this.#parser.feed(text);
    const hasEnd = this.#events.length > 0 || EVENT_END.test(text);
    if (hasEnd) {
      this.#openBytes = Math.min(this.#openBytes, bytes);
      this.#opening = openEventIn(text);
    } else if (this.#opening.length < OPENING_CHARS) {
      this.#opening += text.slice(0, OPENING_CHARS);
    }
    if (this.#openBytes > MAX_NOISE_BYTES) this.#refuseNoise();
    const events = this.#events;
    this.#hadEvents = events.length > 0;
    // Not held until the next ones come, which may take minutes.
    this.#events = [];
    return events;
  }
}

/** How what stands behind the last event begins; that event may have ended before `text`. */
function openEventIn(text: string): string {
  // Most reads end with an event.
  if (text.endsWith('\n\n')) return '';
  const starts = ['\n\n', '\r\n\r\n', '\r\r'].map((end) => {
    const at = text.lastIndexOf(end);
    return at === -1 ? 0 : at + end.length;
  });
  const start = Math.max(...starts);
  return text.slice(start, start + OPENING_CHARS);
}
