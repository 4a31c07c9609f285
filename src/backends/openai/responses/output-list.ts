import type { JsonObject } from '../../../contract/json.js';
import { protocolFault } from '../../shared/errors/upstream-fault.js';
import { type ItemKeeper, OutputItem } from './output-item.js';

/** Of what is kept of items to tell them apart; real responses have a few thousand. */
const MAX_KEPT_CHARS = 1024 * 1024;

/** About as much as an item takes, and as a part of one does; every event looks through the items. */
const ITEM_CHARS = 1024;
const PART_CHARS = 64;

/** The items that events were about, in the order in which they came. */
export class OutputList implements ItemKeeper {
  /** How many of them are calls with a name. */
  calls = 0;
  readonly all: OutputItem[] = [];
  #keptChars = 0;

  constructor(private readonly backend: string) {}

  /** @throws GatewayError `upstream_protocol` for more of them than are kept */
  add(item: JsonObject, index: unknown): OutputItem {
    const added = new OutputItem(item, isScalar(index) ? index : undefined, this);
    const { type = '', id = '', callId = '' } = added;
    this.keep(ITEM_CHARS + type.length + id.length + callId.length + lengthOf(added.index));
    this.all.push(added);
    return added;
  }

  nextCall(): number {
    return this.calls++;
  }

  keep(chars: number): void {
    this.#keptChars += chars + PART_CHARS;
    if (this.#keptChars <= MAX_KEPT_CHARS) return;
    throw protocolFault(this.backend, 'sent more items than are read of one answer');
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

function isScalar(value: unknown): boolean {
  return typeof value !== 'object';
}

function lengthOf(index: unknown): number {
  return typeof index === 'string' ? index.length : 0;
}
