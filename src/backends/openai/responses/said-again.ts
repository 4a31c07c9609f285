import type { JsonObject } from '../../../contract/json.js';
import type { OutputItem } from './output-item.js';
import { isRegularItem } from './regular-events.js';

/** Whether the `output` of a response has the very items that its events were about, as clients read them. */
export function areSaidAgain(items: readonly OutputItem[], output: readonly JsonObject[]): boolean {
  return (
    output.length === items.length &&
    items.every(({ type, id, callId }, n) => {
      const item = output[n]!;
      const isSameCall = type !== 'function_call' || item['call_id'] === callId;
      return item['type'] === type && item['id'] === id && isSameCall && isRegularItem(item);
    })
  );
}

/** Events for the items that have none: some servers end no item before the response. */
export function missingEnds(
  items: readonly OutputItem[],
  output: readonly JsonObject[],
): JsonObject[] {
  return items.flatMap(({ isDone, index }, n) =>
    isDone
      ? []
      : {
          type: 'response.output_item.done',
          sequence_number: 0,
          output_index: index,
          item: output[n],
        },
  );
}
