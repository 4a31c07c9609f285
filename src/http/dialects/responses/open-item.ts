import type { JsonObject } from '../../../contract/json.js';
import { CompleteObject } from '../complete-object.js';
import type { Frames } from './frames.js';
import {
  functionCallItem,
  type ItemStatus,
  messageItem,
  reasoningItem,
  refusalPart,
  summaryPart,
  textPart,
} from './items.js';

/** An item of the output that is being written. Its events say where it stands, and at their end all of it. */
export interface OpenItem {
  /** Another item may begin behind it: arguments of a call may go on beside others. */
  readonly isWhole: boolean;
  /** Writes what closes it, and returns it. */
  close(status: ItemStatus, frames: string[]): JsonObject;
  /** As it is now, for a Response that fails. */
  unfinished(): JsonObject;
}

/** What a model says: text and refusals, each a part. */
export class OpenMessage implements OpenItem {
  readonly isWhole = true;
  readonly #closed: JsonObject[] = [];
  #part: { readonly type: 'output_text' | 'refusal'; readonly texts: string[] } | undefined;

  constructor(
    private readonly out: Frames,
    private readonly id: string,
    private readonly index: number,
    frames: string[],
  ) {
    const item = messageItem(id, 'in_progress', []);
    frames.push(out.event('response.output_item.added', { output_index: index, item }));
  }

  /** Of the part that is being said. */
  get partType(): string | undefined {
    return this.#part?.type;
  }

  add(type: 'output_text' | 'refusal', text: string, frames: string[]): void {
    if (this.#part?.type !== type) this.#openPart(type, frames);
    this.#part!.texts.push(text);
    frames.push(
      type === 'refusal'
        ? this.#event('response.refusal.delta', { delta: text })
        : this.#event('response.output_text.delta', { delta: text, logprobs: [] }),
    );
  }

  close(status: ItemStatus, frames: string[]): JsonObject {
    this.#closePart(frames);
    const item = messageItem(this.id, status, this.#closed);
    frames.push(this.out.event('response.output_item.done', { output_index: this.index, item }));
    return item;
  }

  unfinished(): JsonObject {
    const open = this.#part ? [partOf(this.#part)] : [];
    return messageItem(this.id, 'incomplete', [...this.#closed, ...open]);
  }

  #openPart(type: 'output_text' | 'refusal', frames: string[]): void {
    this.#closePart(frames);
    this.#part = { type, texts: [] };
    const part = partOf(this.#part);
    frames.push(this.#event('response.content_part.added', { part }));
  }

  #closePart(frames: string[]): void {
    if (!this.#part) return;
    const { type, texts } = this.#part;
    const text = texts.join('');
    const part = partOf(this.#part);
    frames.push(
      type === 'refusal'
        ? this.#event('response.refusal.done', { refusal: text })
        : this.#event('response.output_text.done', { text, logprobs: [] }),
      this.#event('response.content_part.done', { part }),
    );
    this.#closed.push(part);
    this.#part = undefined;
  }

  #event(type: string, fields: JsonObject): string {
    const at = {
      item_id: this.id,
      output_index: this.index,
      content_index: this.#closed.length,
    };
    return this.out.event(type, { ...at, ...fields });
  }
}

function partOf({ type, texts }: { type: 'output_text' | 'refusal'; texts: string[] }): JsonObject {
  const text = texts.join('');
  return type === 'refusal' ? refusalPart(text) : textPart(text);
}

/** What a model thinks, as one summary: the one form of it that every client takes. */
export class OpenReasoning implements OpenItem {
  readonly isWhole = true;
  readonly #texts: string[] = [];
  #sealed: string | undefined;

  constructor(
    private readonly out: Frames,
    private readonly id: string,
    private readonly index: number,
    frames: string[],
  ) {
    const item = reasoningItem(id, 'in_progress', { text: '' });
    frames.push(out.event('response.output_item.added', { output_index: index, item }));
  }

  add(text: string, frames: string[]): void {
    if (text === '') return;
    if (this.#texts.length === 0) {
      frames.push(this.#event('response.reasoning_summary_part.added', { part: summaryPart('') }));
    }
    this.#texts.push(text);
    frames.push(this.#event('response.reasoning_summary_text.delta', { delta: text }));
  }

  /** What its provider wants back with it, as `encrypted_content`. */
  seal(sealed: string): void {
    this.#sealed = sealed;
  }

  close(status: ItemStatus, frames: string[]): JsonObject {
    const text = this.#texts.join('');
    if (text !== '') {
      const part = summaryPart(text);
      frames.push(
        this.#event('response.reasoning_summary_text.done', { text }),
        this.#event('response.reasoning_summary_part.done', { part }),
      );
    }
    const item = reasoningItem(this.id, status, { text, sealed: this.#sealed });
    frames.push(this.out.event('response.output_item.done', { output_index: this.index, item }));
    return item;
  }

  unfinished(): JsonObject {
    return reasoningItem(this.id, 'incomplete', { text: this.#texts.join('') });
  }

  #event(type: string, fields: JsonObject): string {
    const at = { item_id: this.id, output_index: this.index, summary_index: 0 };
    return this.out.event(type, { ...at, ...fields });
  }
}

/** A function that a model calls. */
export class OpenCall implements OpenItem {
  readonly #arguments: string[] = [];
  readonly #input = new CompleteObject();

  constructor(
    private readonly out: Frames,
    private readonly id: string,
    private readonly call: { readonly callId: string; readonly name: string },
    private readonly index: number,
    frames: string[],
  ) {
    const item = functionCallItem(id, 'in_progress', { ...call, arguments: '' });
    frames.push(out.event('response.output_item.added', { output_index: index, item }));
  }

  get isWhole(): boolean {
    return this.#input.isWhole;
  }

  add(piece: string, frames: string[]): void {
    if (piece === '') return;
    this.#arguments.push(piece);
    this.#input.add(piece);
    frames.push(this.#event('response.function_call_arguments.delta', { delta: piece }));
  }

  close(status: ItemStatus, frames: string[]): JsonObject {
    // Its clients parse them, whatever there is.
    if (this.#arguments.length === 0 && status === 'completed') this.add('{}', frames);
    const args = this.#arguments.join('');
    const item = functionCallItem(this.id, status, { ...this.call, arguments: args });
    frames.push(
      this.#event('response.function_call_arguments.done', { arguments: args }),
      this.out.event('response.output_item.done', { output_index: this.index, item }),
    );
    return item;
  }

  unfinished(): JsonObject {
    const args = this.#arguments.join('');
    return functionCallItem(this.id, 'incomplete', { ...this.call, arguments: args });
  }

  #event(type: string, fields: JsonObject): string {
    const at = { item_id: this.id, output_index: this.index };
    return this.out.event(type, { ...at, ...fields });
  }
}
