import type { JsonObject } from '../../../contract/json.js';
import { OutputItem } from './output-item.js';

/** The items that events were about, in the order in which they came. */
export class OutputList {
  /** How many of them are calls with a name. */
  calls = 0;
  readonly all: OutputItem[] = [];

  add(item: JsonObject, index: unknown): OutputItem {
    const added = new OutputItem(item, index, () => this.calls++);
    this.all.push(added);
    return added;
  }

  /**
   * The one with this index and this id: OpenAI's events say both.
   * @param type of the item; absent: any
   */
  exact(index: unknown, id: unknown, type?: unknown): OutputItem | undefined {
    return this.all.findLast(
      (item) =>
        item.index === index && item.id === id && (type === undefined || item.type === type),
    );
  }

  /** The one that it must mean: some servers have no index, the same for all, or a new id in every event. */
  find(index: unknown, id: unknown, type: unknown): OutputItem | undefined {
    const exact = this.exact(index, id, type);
    if (exact) return exact;
    const all = this.all.filter((item) => item.type === type);
    const sameId = id === undefined ? undefined : all.findLast((item) => item.id === id);
    if (sameId) return sameId;
    const open = all.filter(({ isDone }) => !isDone);
    return index === undefined ? open.at(-1) : open.findLast((item) => item.index === index);
  }
}
