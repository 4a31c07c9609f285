import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type { StreamPart } from '../../../contract/stream-event.js';
import { argumentsTextOf } from '../../shared/answer/tool-arguments.js';
import {
  callPart,
  isHosted,
  objectsIn,
  partsOfItem,
  sealedParts,
  textPart,
} from './responses-items.js';

/** An item of the output, as far as it was said. */
interface SaidItem {
  /** Something of its content came as a delta. */
  isSaid: boolean;
  /** The number of its call, where it is one. */
  readonly call: number | undefined;
}

/**
 * What the events of items say. Most servers say everything in deltas and again whole; some leave out
 * the deltas, or the indexes, or that an item begins: each is counted once.
 */
export class SaidItems {
  readonly #items = new Map<string, SaidItem>();
  #calls = 0;

  get hasCalls(): boolean {
    return this.#calls > 0;
  }

  read(type: string, event: JsonObject): readonly StreamPart[] {
    const { delta, item } = event;
    switch (type) {
      case 'response.output_item.added':
        return isJsonObject(item) ? this.#added(item, event) : [];
      case 'response.output_item.done':
        return isJsonObject(item) ? this.#done(item, event) : [];
      case 'response.output_text.delta':
        return this.#said(event, textPart('text-delta', delta));
      case 'response.refusal.delta':
        return this.#said(event, textPart('refusal-delta', delta));
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.#said(event, textPart('reasoning-delta', delta));
      case 'response.function_call_arguments.delta':
        return this.#arguments(event, stringOr(delta, ''));
      default:
        // What hosted tools write, and audio: content that only the event itself can show.
        return /\.(delta|partial_image)$/.test(type) ? [{ type: 'opaque' }] : [];
    }
  }

  /** What was said by the terminal event alone, where no item came before it. */
  rest(output: unknown): readonly StreamPart[] {
    if (this.#items.size > 0) return [];
    return objectsIn(output).flatMap((item, index) => this.#done(item, { output_index: index }));
  }

  #added(item: JsonObject, event: JsonObject): readonly StreamPart[] {
    const isCall = item['type'] === 'function_call';
    const call = isCall ? this.#calls++ : undefined;
    this.#items.set(keyOf(event, item), { isSaid: isHosted(item), call });
    if (call !== undefined) return [callPart(item, call, '')];
    return isHosted(item) ? [{ type: 'opaque' }] : [];
  }

  #done(item: JsonObject, event: JsonObject): readonly StreamPart[] {
    const known = this.#items.get(keyOf(event, item));
    if (known?.isSaid) return item['type'] === 'reasoning' ? sealedParts(item) : [];
    if (known) known.isSaid = true;
    if (known?.call !== undefined) {
      // Its name was told when it began.
      const args = argumentsTextOf(item['arguments']);
      return args === '' ? [] : [{ type: 'tool-call-delta', index: known.call, arguments: args }];
    }
    const call = item['type'] === 'function_call' ? this.#calls++ : undefined;
    if (!known) this.#items.set(keyOf(event, item), { isSaid: true, call });
    return partsOfItem(item, call ?? 0);
  }

  #said(event: JsonObject, parts: readonly StreamPart[]): readonly StreamPart[] {
    if (parts.length === 0) return parts;
    const key = keyOf(event);
    const known = this.#items.get(key);
    if (known) known.isSaid = true;
    else this.#items.set(key, { isSaid: true, call: undefined });
    return parts;
  }

  #arguments(event: JsonObject, args: string): readonly StreamPart[] {
    const known = this.#items.get(keyOf(event));
    if (args === '' || known?.call === undefined) return [];
    known.isSaid = true;
    return [{ type: 'tool-call-delta', index: known.call, arguments: args }];
  }
}

/** By its id, which every event of an item has; else by its place. */
function keyOf(event: JsonObject, item?: JsonObject): string {
  const id = stringOr(item?.['id'], '') || stringOr(event['item_id'], '');
  return id === '' ? JSON.stringify(event['output_index'] ?? null) : id;
}
