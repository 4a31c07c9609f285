import { GatewayError } from '../../../contract/gateway-error.js';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type { StreamPart, ToolCallDelta } from '../../../contract/stream-event.js';
import { CompleteObject } from '../complete-object.js';
import { refuseMoreArguments, refuseMoreName } from '../said-calls.js';

type Reasoning = Extract<StreamPart, { type: 'reasoning-delta' }>;
type Text = Extract<StreamPart, { type: 'text-delta' }>;
type Piece = Text | Reasoning | ToolCallDelta;

/** What may wait for the end of a tool call. */
const MAX_WAITING_CHARS = 1024 * 1024;

/** A tool call whose block is open. */
interface OpenCall {
  readonly index: number;
  readonly input: CompleteObject;
}

/**
 * The content blocks of one streamed message: numbered, one at a time, each closed before the next.
 * Upstreams may interleave tool calls with each other and with text; Claude Code takes blocks in
 * order only, so what comes within a call waits until that is whole.
 */
export class ContentBlocks {
  #next = 0;
  /** The type of the block that is open. */
  #open: string | undefined;
  #call: OpenCall | undefined;
  /** How many calls have begun; they are numbered in their order. */
  #calls = 0;
  /** Calls whose block is closed. */
  readonly #closed = new Set<number>();
  /** Calls of which only the id was said: their names may come behind it. */
  readonly #unnamed = new Map<number, ToolCallDelta>();
  /** What waits, each call's pieces together. */
  readonly #waiting = new Map<number | Piece, Piece[]>();
  #waitingChars = 0;

  text(text: string, frames: string[]): void {
    this.#writeInTurn({ type: 'text-delta', text }, frames);
  }

  thinking(part: Reasoning, frames: string[]): void {
    this.#writeInTurn(part, frames);
  }

  /** @throws GatewayError `upstream_protocol` for a call that goes on behind its end, or waits too long */
  toolUse(part: ToolCallDelta, frames: string[]): void {
    const isKnown = this.#call?.index === part.index || this.#waiting.has(part.index);
    if (!isKnown && !this.#closed.has(part.index)) {
      const { id = this.#unnamed.get(part.index)?.id } = part;
      if (!part.name && part.arguments === '') {
        this.#unnamed.set(part.index, { ...part, id });
        return;
      }
      this.#unnamed.delete(part.index);
      return this.#writeInTurn({ ...part, id }, frames);
    }
    if (this.#closed.has(part.index)) refuseMoreArguments(part.arguments);
    else if (this.#call?.index === part.index) this.#write(part, frames);
    else this.#writeInTurn(part, frames);
  }

  /** Closes what is open, and writes what waited for it. */
  close(frames: string[]): void {
    const waiting = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#waitingChars = 0;
    for (const piece of [...waiting, ...this.#unnamed.values()]) this.#write(piece, frames);
    this.#unnamed.clear();
    this.#stop(frames);
  }

  /** An upstream's own block was passed on. */
  passedStart(index: number, block: unknown): void {
    this.#next = index + 1;
    this.#open = isJsonObject(block) ? stringOr(block['type'], '') : '';
    const isCall = this.#open === 'tool_use';
    // What is built behind it may be pieces of it.
    this.#call = isCall ? { index: this.#calls++, input: new CompleteObject() } : undefined;
  }

  passedStop(): void {
    this.#open = undefined;
    this.#forgetCall();
  }

  #writeInTurn(piece: Piece, frames: string[]): void {
    const isWithinCall = this.#call && !this.#call.input.isWhole;
    if (!isWithinCall && this.#waiting.size === 0) return this.#write(piece, frames);
    this.#waitingChars += JSON.stringify(piece).length;
    if (this.#waitingChars > MAX_WAITING_CHARS) {
      throw new GatewayError('upstream_protocol', 'The tool calls of the answer are too long.');
    }
    const key = piece.type === 'tool-call-delta' ? piece.index : piece;
    const pieces = this.#waiting.get(key);
    if (pieces) pieces.push(piece);
    else this.#waiting.set(key, [piece]);
  }

  #write(piece: Piece, frames: string[]): void {
    switch (piece.type) {
      case 'text-delta':
        if (this.#open !== 'text') this.#start({ type: 'text', text: '' }, frames);
        return this.#delta({ type: 'text_delta', text: piece.text }, frames);
      case 'reasoning-delta':
        return this.#writeThinking(piece, frames);
      case 'tool-call-delta':
        return this.#writeCall(piece, frames);
    }
  }

  #writeThinking({ text, signature, redacted }: Reasoning, frames: string[]): void {
    if (redacted?.provider === 'anthropic') {
      this.#start({ type: 'redacted_thinking', data: redacted.data }, frames);
      return this.#stop(frames);
    }
    if (this.#open !== 'thinking') {
      this.#start({ type: 'thinking', thinking: '', signature: '' }, frames);
    }
    if (text !== '') this.#delta({ type: 'thinking_delta', thinking: text }, frames);
    // Another provider's is no signature to its clients.
    if (signature?.provider !== 'anthropic') return;
    this.#delta({ type: 'signature_delta', signature: signature.data }, frames);
    // It is over the whole block: what is thought after it is another.
    this.#stop(frames);
  }

  #writeCall({ index, id, name, arguments: args }: ToolCallDelta, frames: string[]): void {
    if (this.#call?.index !== index) {
      this.#start({ type: 'tool_use', id: id ?? '', name: name ?? '', input: {} }, frames);
      this.#call = { index, input: new CompleteObject() };
      this.#calls = Math.max(this.#calls, index + 1);
    } else refuseMoreName(name);
    if (args === '') return;
    this.#call.input.add(args);
    this.#delta({ type: 'input_json_delta', partial_json: args }, frames);
  }

  #start(block: JsonObject, frames: string[]): void {
    this.#stop(frames);
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
    this.#forgetCall();
    frames.push(frame({ type: 'content_block_stop', index: this.#next - 1 }));
  }

  #forgetCall(): void {
    if (this.#call) this.#closed.add(this.#call.index);
    this.#call = undefined;
  }
}

/** An event as SSE: its clients go by the line `event`. */
export function frame(event: JsonObject): string {
  return `event: ${stringOr(event['type'], '')}\ndata: ${JSON.stringify(event)}\n\n`;
}
