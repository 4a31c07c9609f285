import type { ChatAnswer } from '../../../contract/chat-answer.js';
import type { SealedReasoning, StreamPart } from '../../../contract/stream-event.js';

type Content = Pick<
  ChatAnswer,
  'text' | 'reasoning' | 'reasoningSignature' | 'refusal' | 'images' | 'toolCalls'
>;

/** The pieces of an answer as a whole. */
export class JoinedContent {
  chars = 0;
  /** There was content that only a stream of its own dialect can show. */
  hasOpaque = false;
  readonly #text: string[] = [];
  readonly #reasoning: string[] = [];
  #signature: SealedReasoning | undefined;
  readonly #refusal: string[] = [];
  readonly #images: string[] = [];
  readonly #calls = new Map<number, { id: string; name: string; pieces: string[] }>();

  static of(parts: readonly StreamPart[]): Content {
    const joined = new JoinedContent();
    for (const part of parts) joined.add(part);
    return joined.content;
  }

  get content(): Content {
    return {
      text: this.#text.join(''),
      reasoning: this.#reasoning.join('') || undefined,
      reasoningSignature: this.#signature,
      refusal: this.#refusal.join('') || undefined,
      images: this.#images.length > 0 ? this.#images : undefined,
      toolCalls: [...this.#calls.values()].map(({ id, name, pieces }) => ({
        id,
        name,
        arguments: pieces.join(''),
      })),
    };
  }

  add(part: StreamPart): void {
    switch (part.type) {
      case 'text-delta':
        return this.#push(this.#text, part.text);
      case 'reasoning-delta':
        this.#signature = part.signature ?? this.#signature;
        return this.#push(this.#reasoning, part.text);
      case 'refusal-delta':
        return this.#push(this.#refusal, part.text);
      case 'image-delta':
        return this.#push(this.#images, part.url);
      case 'tool-call-delta': {
        const call = this.#calls.get(part.index) ?? { id: '', name: '', pieces: [] };
        this.#calls.set(part.index, call);
        call.id ||= part.id ?? '';
        call.name += part.name ?? '';
        return this.#push(call.pieces, part.arguments);
      }
      case 'opaque':
        this.hasOpaque = true;
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
