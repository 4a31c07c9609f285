import type { GatewayError } from '../../../contract/gateway-error.js';
import type { GenerationRecord } from '../../../contract/generation.js';
import type { StreamEvent, StreamPart } from '../../../contract/stream-event.js';
import { summaryOf } from '../../../contract/waits.js';
import type { FailureInfo, StreamEncoder } from '../dialect.js';
import { failedAttempts } from '../failed-attempts.js';

/** How long a browser waits before it asks again after a cut. */
const RETRY_MS = 3000;

export interface ServerSentEvent {
  readonly id: string;
  readonly type: string;
  readonly data: object;
  readonly retry?: number;
}

/**
 * Parts of one stream to the events of our EventSource protocol. Every event has a name and data
 * (ADR 20), and its own id, `<streamId>:<n>`: opaque to callers, and Nest would invent others.
 */
export class EventSourceEncoder implements StreamEncoder<ServerSentEvent> {
  /** With an id in hand, an EventSource that is cut asks for the rest instead of for a new answer. */
  readonly opening: ServerSentEvent;
  #next = 0;

  constructor(private readonly record: GenerationRecord) {
    const { id: streamId, model } = record;
    this.opening = { ...this.#event('start', { streamId, model }), retry: RETRY_MS };
  }

  encode({ parts }: StreamEvent, frames: ServerSentEvent[]): void {
    for (const part of parts) {
      const event = this.#encodePart(part);
      if (event) frames.push(event);
    }
  }

  #encodePart(part: StreamPart): ServerSentEvent | undefined {
    switch (part.type) {
      case 'text-delta':
      case 'refusal-delta':
        return this.#event('message', { text: part.text });
      case 'reasoning-delta':
        // A signature has no text, and no place here.
        return part.text === '' ? undefined : this.#event('reasoning', { text: part.text });
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
          costUsd: this.record.costUsd,
          ...summaryOf(this.record.waits),
          ...(isRecovered(this.record) && { recovered: true }),
        });
      case 'start':
      case 'opaque':
        return undefined;
    }
  }

  /** An event, not a comment: clients that read by POST dispatch a comment as a message with no data. */
  heartbeat(): string {
    return 'event: heartbeat\ndata: {}\n\n';
  }

  failureFrame(error: GatewayError, about: FailureInfo): ServerSentEvent {
    return this.#event('failed', toFailedData(error, about));
  }

  #event(type: string, data: object): ServerSentEvent {
    return { id: this.#id(), type, data };
  }

  #id(): string {
    return `${this.record.id}:${this.#next++}`;
  }
}

/** The data of `failed`. */
export function toFailedData(error: GatewayError, { requestId, record }: FailureInfo): object {
  const { fault: code, message, retryable } = error;
  return { code, message, requestId, retryable, attempts: failedAttempts(error, record) };
}

/** The answer broke off and was taken up by another attempt. */
function isRecovered({ recoveries }: GenerationRecord): boolean {
  return recoveries.some((outcome) => outcome === 'continued' || outcome === 'regenerated');
}
