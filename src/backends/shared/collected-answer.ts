import type { ChatAnswer, ToolCall } from '../../contract/chat-answer.js';
import { defined } from '../../contract/json.js';
import type { ChunkBatch, StreamChunk } from '../../contract/stream-chunk.js';
import type { StreamSource } from './stream-source.js';
import { cutFault, protocolFault } from './upstream-fault.js';
import { MAX_ANSWER_BYTES } from './whole-answer.js';

/**
 * The whole answer of a server that streams although it was not asked to.
 * @throws GatewayError `upstream_protocol` when it is too large to be held, `overloaded`, and what the stream throws
 */
export async function collectAnswer(
  { backend, eventBytes }: StreamSource,
  batches: AsyncIterable<ChunkBatch>,
): Promise<ChatAnswer> {
  using held = eventBytes.open();
  const answer = new Collected();
  for await (const batch of batches) {
    for (const chunk of batch) answer.add(chunk);
    held.hold(answer.chars);
    if (answer.chars > MAX_ANSWER_BYTES) {
      throw protocolFault(backend, 'streamed more than can be held, where no stream was asked for');
    }
  }
  return answer.whole(backend);
}

class Collected {
  chars = 0;
  readonly #text: string[] = [];
  readonly #reasoning: string[] = [];
  readonly #images: string[] = [];
  readonly #calls = new Map<number, { id: string; name: string; pieces: string[] }>();
  #start: Extract<StreamChunk, { type: 'start' }> | undefined;
  #end: Extract<StreamChunk, { type: 'end' }> | undefined;

  add(chunk: StreamChunk): void {
    switch (chunk.type) {
      case 'start':
        this.#start = chunk;
        return;
      case 'end':
        this.#end = chunk;
        return;
      case 'text-delta':
      case 'refusal-delta':
        return this.#push(this.#text, chunk.text);
      case 'reasoning-delta':
        return this.#push(this.#reasoning, chunk.text);
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
    }
  }

  whole(backend: string): ChatAnswer {
    const [start, end] = [this.#start, this.#end];
    if (!start || !end) throw cutFault(backend);
    const toolCalls = [...this.#calls.values()].map(({ id, name, pieces }): ToolCall => ({
      id,
      name,
      arguments: pieces.join(''),
    }));
    return defined({
      id: start.id,
      model: start.model,
      backend,
      requestId: start.requestId,
      text: this.#text.join(''),
      reasoning: this.#reasoning.join('') || undefined,
      images: this.#images.length > 0 ? this.#images : undefined,
      toolCalls,
      finishReason: end.reason,
      rawReason: end.rawReason,
      usage: end.usage,
    });
  }

  #push(pieces: string[], text: string): void {
    this.chars += text.length;
    pieces.push(text);
  }
}
