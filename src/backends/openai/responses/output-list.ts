import type { GatewayError } from '../../../contract/gateway-error.js';
import type { JsonObject } from '../../../contract/json.js';
import { protocolFault } from '../../shared/errors/upstream-fault.js';
import { type ItemKeeper, OutputItem } from './output-item.js';

/** What is kept of items to tell them apart, by how much it takes to keep and to look through for every event. */
const MAX_KEPT_CHARS = 2 * 1024 * 1024;

/** An item counts as so much besides its names, and each part of it, which makes about a thousand items of text. */
const ITEM_CHARS = 704;
const PART_CHARS = 448;

/** Items that a response says again at its end. */
const MAX_AGAIN = 4096;

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
    if (this.#keptChars > MAX_KEPT_CHARS) throw this.#tooMany();
  }

  /** @throws GatewayError `upstream_protocol` where more items are said again than are looked for */
  boundAgain({ length }: readonly JsonObject[]): void {
    if (length > MAX_AGAIN) throw this.#tooMany();
  }

  #tooMany(): GatewayError {
    return protocolFault(this.backend, 'sent more items than are read of one answer');
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
