import type { EndPart, StartPart, StreamEvent, StreamPart } from './stream-event.js';

/**
 * Events that go their way together, in order and never none: what one read of the upstream brought.
 * What is done once per batch (a wait, a write) is not done once per token (ADR 17), and what its
 * readers want to know of its content is found out once, here.
 */
export class EventBatch {
  /** How many of its parts are content. */
  readonly contentParts: number;
  /** The characters of that content. */
  readonly contentChars: number;
  /** The part that begins the stream, in the batch that has it. */
  readonly start: StartPart | undefined;
  /** The part that ends the stream: the very last one of the last batch. */
  readonly end: EndPart | undefined;

  constructor(readonly events: readonly StreamEvent[]) {
    let contentParts = 0;
    let contentChars = 0;
    let start: StartPart | undefined;
    let end: EndPart | undefined;
    for (const { parts } of events) {
      for (const part of parts) {
        if (part.type === 'start') start = part;
        else if (part.type === 'end') end = part;
        else {
          contentParts += 1;
          contentChars += charsOf(part);
        }
      }
    }
    this.contentParts = contentParts;
    this.contentChars = contentChars;
    this.start = start;
    this.end = end;
  }

  /** The same with another end in place of its own. */
  endingWith(end: EndPart): EventBatch {
    const { parts, native } = this.events.at(-1)!;
    const last: StreamEvent = { parts: [...parts.slice(0, -1), end], native };
    return new EventBatch([...this.events.slice(0, -1), last]);
  }
}

function charsOf(part: StreamPart): number {
  if ('text' in part) return part.text.length;
  if (part.type === 'image-delta') return part.url.length;
  return part.type === 'tool-call-delta' ? part.arguments.length : 0;
}
