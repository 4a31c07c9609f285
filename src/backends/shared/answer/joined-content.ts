import type { ChatAnswer } from '../../../contract/chat-answer.js';
import { defined } from '../../../contract/json.js';
import type { StreamChunk } from '../../../contract/stream-chunk.js';

type Content = Pick<ChatAnswer, 'text' | 'reasoning' | 'refusal' | 'images' | 'toolCalls'>;

/** The pieces of an answer as a whole. */
export class JoinedContent {
  chars = 0;
  /** There was content that only its own wire can show. */
  hasOpaque = false;
  readonly #text: string[] = [];
  readonly #reasoning: string[] = [];
  readonly #refusal: string[] = [];
  readonly #images: string[] = [];
  readonly #calls = new Map<number, { id: string; name: string; pieces: string[] }>();

  static of(chunks: readonly StreamChunk[]): Content {
    const joined = new JoinedContent();
    for (const chunk of chunks) joined.add(chunk);
    return joined.content;
  }

  get content(): Content {
    return defined({
      text: this.#text.join(''),
      reasoning: this.#reasoning.join('') || undefined,
      refusal: this.#refusal.join('') || undefined,
      images: this.#images.length > 0 ? this.#images : undefined,
      toolCalls: [...this.#calls.values()].map(({ id, name, pieces }) => ({
        id,
        name,
        arguments: pieces.join(''),
      })),
    });
  }

  add(chunk: StreamChunk): void {
    switch (chunk.type) {
      case 'text-delta':
        return this.#push(this.#text, chunk.text);
      case 'reasoning-delta':
        return this.#push(this.#reasoning, chunk.text);
      case 'refusal-delta':
        return this.#push(this.#refusal, chunk.text);
      case 'image-delta':
        return this.#push(this.#images, chunk.url);
      case 'tool-call-delta': {
        const call = this.#calls.get(chunk.index) ?? { id: '', name: '', pieces: [] };
        this.#calls.set(chunk.index, call);
        call.id ||= chunk.id ?? '';
        call.name ||= chunk.name ?? '';
        return this.#push(call.pieces, chunk.arguments);
      }
      case 'passthrough':
        this.hasOpaque ||= chunk.opaqueContent === true;
        return;
      case 'start':
      case 'end':
    }
  }

  #push(pieces: string[], text: string): void {
    this.chars += text.length;
    pieces.push(text);
  }
}
