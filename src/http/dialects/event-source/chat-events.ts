import type { MessageEvent } from '@nestjs/common';
import type { GatewayError } from '../../../contract/gateway-error.js';
import type { GenerationRecord } from '../../../contract/generation.js';
import type { StreamPart } from '../../../contract/stream-event.js';
import { attemptsOf } from '../../errors/error-body.dto.js';

/** How long a browser waits before it asks again after a cut. */
const RETRY_MS = 3000;

/**
 * Parts of one stream to the events of our EventSource protocol. Every event has a name and data
 * (ADR 20), and its own id, `<streamId>:<n>`: opaque to callers, and Nest would invent others.
 */
export class ChatEvents {
  #next = 0;

  constructor(private readonly record: GenerationRecord) {}

  /** The very first event: with an id in hand, an EventSource that is cut asks for the rest instead of for a new answer. */
  opening(): MessageEvent {
    const { id: streamId, model } = this.record;
    return { ...this.#event('start', { streamId, model }), retry: RETRY_MS };
  }

  of(part: StreamPart): MessageEvent | undefined {
    switch (part.type) {
      case 'text-delta':
      case 'refusal-delta':
        return this.#event('message', { text: part.text });
      case 'reasoning-delta':
        return this.#event('reasoning', { text: part.text });
      case 'image-delta':
        return this.#event('image', { url: part.url });
      case 'tool-call-delta': {
        const { index, id, name, arguments: args } = part;
        return this.#event('tool-call', { index, id, name, arguments: args });
      }
      case 'end':
        return this.#event('done', {
          streamId: this.record.id,
          model: this.record.model,
          backend: this.record.target?.backend,
          finishReason: part.reason,
          usage: part.usage,
          ...(isRecovered(this.record) && { recovered: true }),
        });
      case 'start':
      case 'opaque':
        return undefined;
    }
  }

  failed(error: GatewayError): MessageEvent {
    const { requestId } = this.record;
    return this.#event('failed', failureOf(error, requestId, attemptsOf(this.record, error)));
  }

  #event(type: string, data: object): MessageEvent {
    return { id: this.#id(), type, data };
  }

  #id(): string {
    return `${this.record.id}:${this.#next++}`;
  }
}

/** The data of `failed`. */
export function failureOf(
  { fault, message, retryable }: GatewayError,
  requestId: string,
  attempts?: ReturnType<typeof attemptsOf>,
): object {
  return { code: fault, message, requestId, retryable, attempts };
}

/** The answer broke off and was taken up by another attempt. */
function isRecovered({ recoveries }: GenerationRecord): boolean {
  return recoveries.some((outcome) => outcome === 'continued' || outcome === 'regenerated');
}
