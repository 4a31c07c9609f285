import { GatewayError } from '../../../contract/gateway-error.js';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type { StreamPart, ToolCallDelta } from '../../../contract/stream-event.js';
import { CompleteObject } from './complete-object.js';

type Reasoning = Extract<StreamPart, { type: 'reasoning-delta' }>;

/** What of later tool calls may wait for the end of the one before them. */
const MAX_WAITING_CHARS = 1024 * 1024;

/** A tool call whose block is open. */
interface OpenCall {
  readonly index: number;
  readonly input: CompleteObject;
}

/**
 * The content blocks of one streamed message: numbered, one at a time, each closed before the next.
 * Tool calls may come interleaved; Claude Code takes blocks in order only, so a later call waits until
 * the earlier one is whole.
 */
export class ContentBlocks {
  #next = 0;
  /** The type of the block that is open. */
  #open: string | undefined;
  #call: OpenCall | undefined;
  /** Pieces of later calls, by call. */
  readonly #waiting = new Map<number, ToolCallDelta[]>();
  #waitingChars = 0;

  text(text: string, frames: string[]): void {
    if (this.#open !== 'text') this.#start({ type: 'text', text: '' }, frames);
    this.#delta({ type: 'text_delta', text }, frames);
  }

  thinking({ text, signature, redacted }: Reasoning, frames: string[]): void {
    if (redacted) {
      this.#start({ type: 'redacted_thinking', data: redacted.data }, frames);
      this.close(frames);
      return;
    }
    if (this.#open !== 'thinking') {
      this.#start({ type: 'thinking', thinking: '', signature: '' }, frames);
    }
    if (text !== '') this.#delta({ type: 'thinking_delta', thinking: text }, frames);
    if (signature) {
      this.#delta({ type: 'signature_delta', signature: signature.data }, frames);
      // It is over the whole block: what is thought after it is another.
      this.close(frames);
    }
  }

  toolUse(part: ToolCallDelta, frames: string[]): void {
    if (this.#call === undefined || this.#call.index === part.index) {
      this.#writeCall(part, frames);
      return;
    }
    if (!this.#waiting.has(part.index) && this.#waiting.size === 0 && this.#call.input.isWhole) {
      this.#writeCall(part, frames);
      return;
    }
    this.#wait(part);
  }

  /** Closes what is open, and writes what waited for it. */
  close(frames: string[]): void {
    const waiting = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#waitingChars = 0;
    for (const piece of waiting) this.#writeCall(piece, frames);
    this.#stop(frames);
  }

  /** An upstream's own block was passed on. */
  passedStart(index: number, block: unknown): void {
    this.#next = index + 1;
    this.#open = isJsonObject(block) ? stringOr(block['type'], '') : '';
  }

  passedStop(): void {
    this.#open = undefined;
  }

  #writeCall({ index, id, name, arguments: args }: ToolCallDelta, frames: string[]): void {
    if (this.#call?.index !== index) {
      this.#start({ type: 'tool_use', id: id ?? '', name: name ?? '', input: {} }, frames);
      this.#call = { index, input: new CompleteObject() };
    }
    if (args === '') return;
    this.#call.input.add(args);
    this.#delta({ type: 'input_json_delta', partial_json: args }, frames);
  }

  #wait(part: ToolCallDelta): void {
    this.#waitingChars += part.arguments.length + (part.name?.length ?? 0);
    if (this.#waitingChars > MAX_WAITING_CHARS) {
      throw new GatewayError('upstream_protocol', 'The tool calls of the answer are too long.');
    }
    const pieces = this.#waiting.get(part.index);
    if (pieces) pieces.push(part);
    else this.#waiting.set(part.index, [part]);
  }

  #start(block: JsonObject, frames: string[]): void {
    this.close(frames);
    this.#open = stringOr(block['type'], '');
    frames.push(frame({ type: 'content_block_start', index: this.#next, content_block: block }));
    this.#next += 1;
  }

  #delta(delta: JsonObject, frames: string[]): void {
    frames.push(frame({ type: 'content_block_delta', index: this.#next - 1, delta }));
  }

  #stop(frames: string[]): void {
    if (this.#open === undefined) return;
    this.#open = undefined;
    this.#call = undefined;
    frames.push(frame({ type: 'content_block_stop', index: this.#next - 1 }));
  }
}

/** An event as SSE: its clients go by the line `event`. */
export function frame(event: JsonObject): string {
  return `event: ${stringOr(event['type'], '')}\ndata: ${JSON.stringify(event)}\n\n`;
}
