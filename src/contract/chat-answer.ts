import { EventBatch } from './event-batch.js';
import type { FinishReason, NativeEvent, SealedReasoning, Usage } from './stream-event.js';

/** A whole answer, for callers that did not ask for a stream. */
export interface ChatAnswer {
  readonly id: string;
  /** The model's name as the upstream reported it. */
  readonly model: string;
  readonly backend: string;
  readonly requestId?: string | undefined;
  readonly text: string;
  readonly reasoning?: string | undefined;
  /** Over `reasoning`. */
  readonly reasoningSignature?: SealedReasoning | undefined;
  readonly refusal?: string | undefined;
  /** As `data:` URLs or remote ones. */
  readonly images?: readonly string[] | undefined;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly rawReason?: string | undefined;
  readonly usage?: Usage | undefined;
  /** The upstream's own JSON, when it already speaks a caller's dialect; see `StreamEvent.native`. */
  readonly native?: NativeEvent | undefined;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/** Characters of content, as `EventBatch` counts them. */
export function contentCharsOf(answer: ChatAnswer): number {
  const { text, reasoning = '', refusal = '', images = [], toolCalls } = answer;
  const calls = toolCalls.map((call) => call.arguments);
  return [text, reasoning, refusal, ...images, ...calls].reduce(
    (sum, { length }) => sum + length,
    0,
  );
}

/** Tells a batch of a stream from the other thing that a request may be answered with, one whole answer. */
export function isBatch(answered: EventBatch | ChatAnswer): answered is EventBatch {
  return answered instanceof EventBatch;
}
