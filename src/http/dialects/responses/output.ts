import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../../contract/gateway-error.js';
import type { JsonObject } from '../../../contract/json.js';
import type { StreamPart, ToolCallDelta } from '../../../contract/stream-event.js';
import { refuseMoreArguments, refuseMoreName } from '../said-calls.js';
import type { Frames } from './frames.js';
import type { ItemStatus } from './items.js';
import { OpenCall, type OpenItem, OpenMessage, OpenReasoning } from './open-item.js';
import { sealedContent } from './sealed.js';

type Reasoning = Extract<StreamPart, { type: 'reasoning-delta' }>;

/** About as much as an item or a part takes beside its text: an answer may be nothing but them. */
const FRAME_BYTES = 256;

/** A call, and where it stands among the items. */
interface PlacedCall {
  readonly item: OpenCall;
  readonly at: number;
}

/**
 * The output of a streamed Response: items numbered without a gap, each said whole again when it is
 * closed, and all of them once more at the end. So they are kept, within a bound.
 */
export class Output {
  /** Those that are closed, at their index. */
  readonly #items: JsonObject[] = [];
  readonly #open = new Map<number, OpenItem>();
  readonly #calls = new Map<number, PlacedCall>();
  readonly #callIds = new Set<string>();
  /** Calls of which only the id was said: their names may come behind it. */
  readonly #unnamed = new Map<number, string | undefined>();
  #next = 0;
  /** What is being said or thought: one at a time. */
  #message: OpenMessage | undefined;
  #reasoning: OpenReasoning | undefined;
  #bytes = 0;

  /**
   * @param base what the ids of its items are made of
   * @param maxBytes longest output; @throws GatewayError `answer_too_large` beyond it
   */
  constructor(
    private readonly out: Frames,
    private readonly base: string,
    private readonly sealsReasoning: boolean,
    private readonly maxBytes: number,
  ) {}

  text(type: 'output_text' | 'refusal', text: string, frames: string[]): void {
    if (text === '') return;
    this.#keep(text, this.#message?.partType !== type);
    if (!this.#message) {
      this.#closeWhole(frames);
      const index = this.#next++;
      this.#message = new OpenMessage(this.out, `msg_${this.base}_${index}`, index, frames);
      this.#open.set(index, this.#message);
    }
    this.#message.add(type, text, frames);
  }

  reasoning(part: Reasoning, frames: string[]): void {
    const sealed = this.sealsReasoning ? sealedContent(part) : undefined;
    // What only its provider can read is nothing to a caller that did not ask for it.
    if (part.text === '' && sealed === undefined) return;
    this.#keep(part.text + (sealed ?? ''), !this.#reasoning);
    if (!this.#reasoning) {
      this.#closeWhole(frames);
      const index = this.#next++;
      this.#reasoning = new OpenReasoning(this.out, `rs_${this.base}_${index}`, index, frames);
      this.#open.set(index, this.#reasoning);
    }
    this.#reasoning.add(part.text, frames);
    if (sealed === undefined) return;
    this.#reasoning.seal(sealed);
    // It is over what was thought so far: what is thought after it is another.
    this.#closeWhole(frames);
  }

  /** @throws GatewayError `upstream_protocol` for a call that goes on behind its end, or its name */
  call({ index, id, name, arguments: args }: ToolCallDelta, frames: string[]): void {
    const known = this.#calls.get(index);
    this.#keep(known ? args : args + (id ?? '') + (name ?? ''), !known);
    if (known) refuseMoreName(name);
    const callId = id ?? this.#unnamed.get(index);
    if (!known && !name && args === '') {
      this.#unnamed.set(index, callId);
      return;
    }
    const call = known ?? this.#begin(index, callId, name, frames);
    if (!this.#open.has(call.at)) return refuseMoreArguments(args);
    call.item.add(args, frames);
  }

  /** Closes what is open, and returns all there is. */
  end(status: ItemStatus, frames: string[]): readonly JsonObject[] {
    for (const [index, id] of this.#unnamed) this.#begin(index, id, '', frames);
    for (const index of this.#open.keys()) this.#close(index, status, frames);
    return this.#items;
  }

  /** All there is, of an answer that broke off. */
  unfinished(): readonly JsonObject[] {
    const items = [...this.#items];
    for (const [index, item] of this.#open) items[index] = item.unfinished();
    return items;
  }

  #begin(index: number, id: string | undefined, name = '', frames: string[]): PlacedCall {
    this.#closeWhole(frames);
    const callId = this.#callIdOf(id);
    const at = this.#next++;
    const item = new OpenCall(this.out, `fc_${this.base}_${at}`, { callId, name }, at, frames);
    const call = { item, at };
    this.#open.set(at, item);
    this.#calls.set(index, call);
    this.#unnamed.delete(index);
    return call;
  }

  /** The upstream's, unless it has none or said it before: two calls of one id end OpenAI's client. */
  #callIdOf(id: string | undefined): string {
    const callId = !id || this.#callIds.has(id) ? `call_${randomUUID().replaceAll('-', '')}` : id;
    this.#callIds.add(callId);
    return callId;
  }

  /** Before another item begins. Calls whose arguments are not whole yet stay open beside it. */
  #closeWhole(frames: string[]): void {
    for (const [index, item] of this.#open) {
      if (item.isWhole) this.#close(index, 'completed', frames);
    }
  }

  #close(index: number, status: ItemStatus, frames: string[]): void {
    const item = this.#open.get(index)!;
    this.#open.delete(index);
    if (item === this.#message) this.#message = undefined;
    if (item === this.#reasoning) this.#reasoning = undefined;
    this.#items[index] = item.close(status, frames);
  }

  /** @param isNew it begins an item or a part */
  #keep(text: string, isNew: boolean): void {
    this.#bytes += Buffer.byteLength(text) + (isNew ? FRAME_BYTES : 0);
    if (this.#bytes > this.maxBytes) throw new GatewayError('answer_too_large');
  }
}
