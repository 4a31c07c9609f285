import type { JsonObject } from './json.js';

/**
 * One generation in order: `start`, any deltas, exactly one `end`.
 * Failures are thrown, never emitted.
 */
export type StreamChunk = (
  | StartChunk
  | { readonly type: 'text-delta'; readonly text: string }
  | {
      readonly type: 'reasoning-delta';
      readonly text: string;
      readonly signature?: string | undefined;
    }
  | { readonly type: 'refusal-delta'; readonly text: string }
  /** A whole image, as a `data:` URL or a remote one. */
  | { readonly type: 'image-delta'; readonly url: string }
  | ToolCallDelta
  | PassthroughChunk
  | EndChunk
) & {
  /**
   * The upstream's own event, on the first chunk made from it, when it already speaks a caller's
   * dialect: that dialect's encoder writes it instead of rebuilding it, so nothing it carries is
   * lost (logprobs, system_fingerprint, …). `covered`: made from an event that an earlier chunk
   * carries. Absent: there is no event to write, the encoder has to build one. One stream may have
   * chunks of all three kinds. `end` never has one.
   */
  readonly wire?: OpenAiEvent | 'covered' | undefined;
};

/**
 * Chunks that go their way together, in order and never none: what one read of the upstream brought.
 * What is done once per batch (a wait, a write) is not done once per token.
 */
export type ChunkBatch = readonly StreamChunk[];

/** Who answers: everything here is what the upstream reported about itself. */
export interface StartChunk {
  readonly type: 'start';
  /** The upstream's id of this answer, or one of ours when it gives none. */
  readonly id: string;
  /** The model's name as the upstream reported it; the target's name where it is no answer of its own (Ollama). */
  readonly model: string;
  /** Id of the backend in the configuration. */
  readonly backend: string;
  /** The upstream's own request id, for a talk with its support. */
  readonly requestId?: string | undefined;
}

/** A piece of one tool call; `id` and `name` come with its first piece, `arguments` is a fragment of JSON text. */
export interface ToolCallDelta {
  readonly type: 'tool-call-delta';
  readonly index: number;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly arguments: string;
}

/** An upstream event with nothing for us in it: only its `wire` matters. */
export interface PassthroughChunk {
  readonly type: 'passthrough';
  /** It holds content of a kind that Sluice does not model (audio): it counts as content all the same. */
  readonly opaqueContent?: true | undefined;
}

export interface EndChunk {
  readonly type: 'end';
  readonly reason: FinishReason;
  /** The upstream's own word for `reason`. */
  readonly rawReason?: string | undefined;
  readonly usage?: Usage | undefined;
}

/** Why the model stopped, in OpenAI's words; `other` when the upstream's word has no equal. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'other';

/** Token counts as the upstream reported them; a count it did not report is absent, never 0. */
export interface Usage {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly cachedInput?: number | undefined;
  readonly reasoning?: number | undefined;
}

/** A JSON object as an OpenAI-compatible upstream sent it. */
export interface OpenAiEvent {
  readonly dialect: 'openai';
  readonly event: JsonObject;
  /** The same as JSON, as it was received: who has nothing to change need not write it anew. */
  readonly text?: string | undefined;
  /** Length of what was received, also where it is not kept: about as much as the event takes. */
  readonly chars?: number | undefined;
}

/** Whether a chunk is content: what a person (or a tool) would see of the answer. */
export function isContent(chunk: StreamChunk): boolean {
  switch (chunk.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
    case 'image-delta':
    case 'tool-call-delta':
      return true;
    case 'passthrough':
      return chunk.opaqueContent === true;
    case 'start':
    case 'end':
      return false;
  }
}

/** How many chunks of a batch are content. */
export function contentIn(batch: ChunkBatch): number {
  let count = 0;
  for (const chunk of batch) if (isContent(chunk)) count += 1;
  return count;
}
