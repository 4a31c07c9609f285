import type { JsonObject } from '../../contract/json.js';
import type { StreamPart } from '../../contract/stream-event.js';
import { textIn } from '../shared/answer/content-parts.js';
import { parseToolCalls, reasoningIn } from './openai-choice.js';

/** As much of a text as it takes to know it again. */
const HEAD_CHARS = 64;

/** White space that a server may have trimmed from what it says again. */
const TRIMMED_CHARS = 8;

/**
 * What of an answer came in deltas, as far as it takes to tell a message that says all of it again
 * from one that is one more piece.
 */
export class SaidInDeltas {
  readonly #text = new Said();
  readonly #reasoning = new Said();
  #hasCalls = false;

  add(parts: readonly StreamPart[]): void {
    for (const part of parts) {
      if (part.type === 'text-delta') this.#text.add(part.text);
      else if (part.type === 'reasoning-delta') this.#reasoning.add(part.text);
      else if (part.type === 'tool-call-delta') this.#hasCalls = true;
    }
  }

  areSummedUpBy(message: JsonObject): boolean {
    const text = textIn(message['content']);
    if (text !== '') return this.#text.isSaidBy(text);
    if (parseToolCalls(message).length > 0) return this.#hasCalls;
    return this.#reasoning.isSaidBy(reasoningIn(message));
  }
}

class Said {
  #head = '';
  #chars = 0;

  add(text: string): void {
    this.#chars += text.length;
    if (this.#head.length < HEAD_CHARS) this.#head += text.slice(0, HEAD_CHARS);
  }

  isSaidBy(text: string): boolean {
    if (this.#chars === 0) return false;
    const again = text.trim();
    const head = this.#head.trim().slice(0, again.length);
    const missing = this.#chars - again.length;
    return again.startsWith(head) && missing >= 0 && missing <= TRIMMED_CHARS;
  }
}
