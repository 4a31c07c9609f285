import { type JsonObject, stringOr } from '../../../contract/json.js';
import type { NativeEvent } from '../../../contract/stream-event.js';

/** The frames of one stream, numbered without a gap, whoever made their events. */
export class Frames {
  #next = 0;

  event(type: string, fields: JsonObject): string {
    return this.#frame({ type, sequence_number: this.#next++, ...fields });
  }

  /** An upstream's own event, as it came where its number is right and it is one line. */
  passed({ event, text }: NativeEvent): string {
    const number = this.#next++;
    const isAsItCame = event['sequence_number'] === number && text && !text.includes('\n');
    if (!isAsItCame) return this.#frame({ ...event, sequence_number: number });
    return `event: ${stringOr(event['type'], '')}\ndata: ${text}\n\n`;
  }

  #frame(event: JsonObject): string {
    return `event: ${stringOr(event['type'], '')}\ndata: ${JSON.stringify(event)}\n\n`;
  }
}
