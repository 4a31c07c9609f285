import { isJsonObject, type JsonObject } from '../../contract/json.js';
import type { StreamPart } from '../../contract/stream-event.js';
import { inputOf, partsOfBlock } from './anthropic-blocks.js';

/** A block that was begun and not ended yet. */
interface OpenBlock {
  readonly block: JsonObject;
  /** Number of the tool call that it is. */
  readonly call: number | undefined;
  hasArguments: boolean;
}

/**
 * The content blocks of one stream. Anthropic numbers them, and sends one after the other; others
 * leave out beginnings and ends, or have several open.
 */
export class OpenBlocks {
  /** Every block so far came as Anthropic's clients expect it: the events may be passed on as they are. */
  areRegular = true;
  readonly #open = new Map<unknown, OpenBlock>();
  #next = 0;
  #calls = 0;

  get hasCalls(): boolean {
    return this.#calls > 0;
  }

  start({ index, content_block: given }: JsonObject): StreamPart[] {
    const block = isJsonObject(given) ? given : {};
    if (index !== this.#next || this.#open.size > 0 || !isJsonObject(given))
      this.areRegular = false;
    this.#next += 1;
    const isCall = block['type'] === 'tool_use';
    const call = isCall ? this.#calls++ : undefined;
    this.#open.set(index, { block, call, hasArguments: false });
    return partsOfBlock(block, call ?? 0, false);
  }

  /** @param read the pieces of the delta, for the call that it belongs to */
  delta({ index }: JsonObject, read: (call: number) => StreamPart[]): StreamPart[] {
    const open = this.#open.get(index);
    if (!open) this.areRegular = false;
    // Pieces of what only its own dialect knows: a server's tool has arguments, too.
    if (open && isForeign(open.block)) return [{ type: 'opaque' }];
    const parts = read(open?.call ?? Math.max(0, this.#calls - 1));
    if (open && parts.some(({ type }) => type === 'tool-call-delta')) open.hasArguments = true;
    return parts;
  }

  stop({ index }: JsonObject): StreamPart[] {
    const open = this.#open.get(index);
    if (!open) this.areRegular = false;
    this.#open.delete(index);
    return open ? withoutArguments(open) : [];
  }

  /** What those still lack that were never ended. */
  rest(): StreamPart[] {
    if (this.#open.size > 0) this.areRegular = false;
    const parts = [...this.#open.values()].flatMap(withoutArguments);
    this.#open.clear();
    return parts;
  }
}

const MODELLED = new Set<unknown>(['text', 'thinking', 'redacted_thinking', 'tool_use']);

function isForeign({ type }: JsonObject): boolean {
  return type !== undefined && !MODELLED.has(type);
}

/** A call of a tool without parameters has no pieces. */
function withoutArguments({ block, call, hasArguments }: OpenBlock): StreamPart[] {
  if (call === undefined || hasArguments) return [];
  return [{ type: 'tool-call-delta', index: call, arguments: inputOf(block) }];
}
