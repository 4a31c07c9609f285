import { isJsonObject, type JsonObject } from '../../contract/json.js';
import type { StreamPart } from '../../contract/stream-event.js';
import { inputOf, partsOfBlock, partsOfDelta } from './anthropic-blocks.js';
import { isModelled, isRegularBlock, isRegularDelta } from './regular-events.js';

/** A block that was begun and not ended yet. */
interface OpenBlock {
  readonly type: unknown;
  /** Of a tool call: what it began with, and would have been whole with. */
  readonly block: JsonObject | undefined;
  /** Number of the tool call that it is. */
  readonly call: number | undefined;
  hasArguments: boolean;
}

/**
 * The content blocks of one stream. Anthropic numbers them, and sends one after the other; others
 * leave out beginnings and ends, or have several open.
 */
export class OpenBlocks {
  /** All that came so far came as Anthropic's clients expect it: the events may be passed on as they are. */
  areRegular = true;
  readonly #open = new Map<unknown, OpenBlock>();
  #next = 0;
  #calls = 0;

  get hasCalls(): boolean {
    return this.#calls > 0;
  }

  start({ index, content_block: given }: JsonObject): StreamPart[] {
    const block = isJsonObject(given) ? given : {};
    const { type } = block;
    // Servers that end none give every block the same number: the next ends it.
    const before = this.#end(index);
    if (index !== this.#next || before || this.#open.size > 0 || !isRegularBlock(block))
      this.areRegular = false;
    this.#next += 1;
    const call = type === 'tool_use' ? this.#calls++ : undefined;
    const isCall = call !== undefined;
    this.#open.set(index, { type, block: isCall ? block : undefined, call, hasArguments: false });
    return [...(before ?? []), ...partsOfBlock(block, call ?? 0, false)];
  }

  delta(index: unknown, delta: JsonObject): StreamPart[] {
    const open = this.#open.get(index);
    if (!open || !isRegularDelta(open.type, delta)) this.areRegular = false;
    // Pieces of what only its own dialect knows: a server's tool has arguments, too.
    if (open?.type !== undefined && !isModelled(open.type)) return [{ type: 'opaque' }];
    const parts = partsOfDelta(delta, open?.call ?? Math.max(0, this.#calls - 1));
    if (open && parts.some(({ type }) => type === 'tool-call-delta')) open.hasArguments = true;
    return parts;
  }

  stop({ index }: JsonObject): StreamPart[] {
    const parts = this.#end(index);
    if (!parts) this.areRegular = false;
    return parts ?? [];
  }

  /** What those still lack that were never ended. */
  rest(): StreamPart[] {
    if (this.#open.size > 0) this.areRegular = false;
    const parts = [...this.#open.values()].flatMap(withoutArguments);
    this.#open.clear();
    return parts;
  }

  /** What the block there still lacks; nothing where there is none. */
  #end(index: unknown): StreamPart[] | undefined {
    const open = this.#open.get(index);
    this.#open.delete(index);
    return open && withoutArguments(open);
  }
}

/** A call of a tool without parameters has no pieces. */
function withoutArguments({ block, call, hasArguments }: OpenBlock): StreamPart[] {
  if (block === undefined || call === undefined || hasArguments) return [];
  return [{ type: 'tool-call-delta', index: call, arguments: inputOf(block) }];
}
