import { EventBatch } from '../../contract/event-batch.js';
import type { StreamEvent } from '../../contract/stream-event.js';

/** What is held back of events without content; a real preamble has one to three. */
const MAX_CHARS = 256 * 1024;

/**
 * What a stream says before its first content. It is held back, because until then another target
 * may answer. A server may send empty events for as long as it likes: they are its heartbeats.
 */
export class Preamble {
  #events: StreamEvent[] = [];
  #chars = 0;
  #isTooLong = false;

  /** @param onTooLong called once, when something has to be left out */
  constructor(private readonly onTooLong: () => void) {}

  /** @param hasContent the batch ends the preamble, and is kept whatever its length */
  add({ events }: EventBatch, hasContent: boolean): void {
    for (const event of events) this.#chars += charsOf(event);
    if (hasContent || this.#chars <= MAX_CHARS) {
      for (const event of events) this.#events.push(event);
    } else if (!this.#isTooLong) {
      this.#isTooLong = true;
      this.onTooLong();
    }
  }

  /** All of it; a stream may last for long, and need not keep its beginning. */
  take(): EventBatch {
    const events = this.#events;
    this.#events = [];
    return new EventBatch(events);
  }
}

/** About as much as it takes to hold on to an event without content. */
function charsOf({ native }: StreamEvent): number {
  return 64 + (native?.chars ?? 0);
}
