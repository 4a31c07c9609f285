import type { MessageEvent } from '@nestjs/common';
import type { GatewayError } from '../../contract/gateway-error.js';
import type { GenerationRecord } from '../../contract/generation.js';
import type { StreamChunk } from '../../contract/stream-chunk.js';
import { attemptsOf } from '../error-body.dto.js';

/** How long a browser waits before it asks again after a cut. */
const RETRY_MS = 3000;

/**
 * Chunks of one stream to the events of our EventSource protocol. Every event has its own id,
 * `<streamId>:<n>`: opaque to callers, and Nest would invent others.
 */
export class ChatEvents {
  #next = 0;

  constructor(private readonly record: GenerationRecord) {}

  /** The very first frame: with an id in hand, an EventSource that is cut asks for the rest instead of for a new answer. */
  opening(): MessageEvent {
    return { id: this.#id(), retry: RETRY_MS };
  }

  of(chunk: StreamChunk): MessageEvent | undefined {
    switch (chunk.type) {
      case 'text-delta':
      case 'refusal-delta':
        return this.#event(undefined, { text: chunk.text });
      case 'reasoning-delta':
        return this.#event('reasoning', { text: chunk.text });
      case 'image-delta':
        return this.#event('image', { url: chunk.url });
      case 'tool-call-delta': {
        const { index, id, name, arguments: args } = chunk;
        return this.#event('tool-call', { index, id, name, arguments: args });
      }
      case 'end':
        return this.#event('done', {
          streamId: this.record.id,
          model: this.record.model,
          backend: this.record.target?.backend,
          finishReason: chunk.reason,
          usage: chunk.usage,
          ...(isRecovered(this.record) && { recovered: true }),
        });
      case 'start':
      case 'passthrough':
        return undefined;
    }
  }

  failed(error: GatewayError): MessageEvent {
    const { fault, message, retryable } = error;
    const { requestId } = this.record;
    const attempts = attemptsOf(this.record, error);
    return this.#event('failed', { code: fault, message, requestId, retryable, attempts });
  }

  #event(type: string | undefined, data: object): MessageEvent {
    return { id: this.#id(), ...(type && { type }), data };
  }

  #id(): string {
    return `${this.record.id}:${this.#next++}`;
  }
}

/** The answer broke off and was taken up by another attempt. */
function isRecovered({ recoveries }: GenerationRecord): boolean {
  return recoveries.some((outcome) => outcome === 'continued' || outcome === 'regenerated');
}
