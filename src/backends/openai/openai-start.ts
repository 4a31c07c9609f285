import { randomUUID } from 'node:crypto';
import { type JsonObject, stringOr } from '../../contract/json.js';
import type { StreamEvent, StreamPart } from '../../contract/stream-event.js';
import type { StreamSource } from '../shared/connection/stream-source.js';

/** Characters of events without id and choices that are held back until there is an id. */
const MAX_HELD_CHARS = 64 * 1024;

/** The beginning of a stream: `start`, which needs an id, and what came before there was one. */
export class OpenAiStart {
  isOver = false;
  readonly #held: JsonObject[] = [];
  #heldChars = 0;

  constructor(private readonly source: StreamSource) {}

  /** Azure's verdict on the prompt comes before the answer has an id. @returns whether it is held back */
  hold(event: JsonObject, chars: number): boolean {
    this.#heldChars += chars;
    if (this.#heldChars > MAX_HELD_CHARS) return false;
    this.#held.push(event);
    return true;
  }

  /**
   * `start`, with the first event that has an id: the first of its `parts`, or of the first event
   * that was held back.
   * @returns what was held back, which comes before it
   */
  begin(event: JsonObject, parts: StreamPart[]): readonly StreamEvent[] {
    this.isOver = true;
    const { backend, model, requestId } = this.source;
    const start: StreamPart = {
      type: 'start',
      id: stringOr(event['id'], '') || `chatcmpl-${randomUUID()}`,
      model: stringOr(event['model'], '') || model,
      backend,
      requestId,
    };
    if (this.#held.length === 0) parts.push(start);
    return this.#held.map((held, n) => ({
      parts: n === 0 ? [start] : [],
      native: { dialect: 'chat-completions', event: held },
    }));
  }
}
