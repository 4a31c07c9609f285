import type { JsonObject } from './json.js';

/** The wire protocols that Sluice speaks to callers; `event-source` is what `/chat` speaks. */
export const DIALECT_NAMES = ['chat-completions', 'event-source', 'messages', 'responses'] as const;
export type DialectName = (typeof DIALECT_NAMES)[number];

/**
 * What one event of an upstream meant. A stream is one `start`, any deltas, exactly one `end`, which
 * is the last part of its last event. Failures are thrown, never emitted.
 */
export interface StreamEvent {
  /** In order; empty where nothing of the event is modelled: then only `native` matters. */
  readonly parts: readonly StreamPart[];
  /**
   * The event itself, where the upstream speaks a caller's dialect: that dialect's encoder writes it
   * instead of rebuilding it, so nothing it carries is lost (logprobs, system_fingerprint, …). Every
   * other encoder rebuilds from `parts`. One stream may have events with and without it.
   */
  readonly native?: NativeEvent | undefined;
}

/** A JSON object of a caller's dialect, as an upstream sent it. */
export interface NativeEvent {
  readonly dialect: DialectName;
  readonly event: JsonObject;
  /** The same as JSON, as it was received: an encoder with nothing to change need not write it anew. */
  readonly text?: string | undefined;
  /** Length of what was received, also where it is not kept: about as much as the event takes. */
  readonly chars?: number | undefined;
}

/** One piece of an answer. */
export type StreamPart =
  | StartPart
  | { readonly type: 'text-delta'; readonly text: string }
  | {
      readonly type: 'reasoning-delta';
      readonly text: string;
      /** Over the reasoning that it ends. */
      readonly signature?: SealedReasoning | undefined;
      /** What was thought, where only its provider can read it: a piece of its own, without text. */
      readonly redacted?: SealedReasoning | undefined;
    }
  | { readonly type: 'refusal-delta'; readonly text: string }
  /** A whole image, as a `data:` URL or a remote one. */
  | { readonly type: 'image-delta'; readonly url: string }
  | ToolCallDelta
  /** Content of a kind that Sluice does not model (audio): only `native` can show it. */
  | { readonly type: 'opaque' }
  | EndPart;

/**
 * What a provider gives along with reasoning, to be given back with it in the next turn. To any other
 * provider it is an error, so it goes to its own or is left out.
 */
export interface SealedReasoning {
  readonly provider: 'anthropic' | 'openai';
  readonly data: string;
}

/** How what Sluice seals of other providers' reasoning begins, where a dialect's seals are OpenAI's. */
export const SEALED_BY_SLUICE = 'sluice.';

/** Who answers: everything here is what the upstream reported about itself. */
export interface StartPart {
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

export interface EndPart {
  readonly type: 'end';
  readonly reason: FinishReason;
  /** The upstream's own word for `reason`. */
  readonly rawReason?: string | undefined;
  readonly usage?: Usage | undefined;
}

/** Why the model stopped, in OpenAI's words; `other` when the upstream's word has no equal. */
export type FinishReason = (typeof FINISH_REASONS)[number];
export const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter', 'other'] as const;

/** Token counts as the upstream reported them; a count it did not report is absent, never 0. */
export interface Usage {
  /** With what was read from a cache and what was written to one. */
  readonly input?: number | undefined;
  /** With what it thought. */
  readonly output?: number | undefined;
  readonly cachedInput?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly reasoning?: number | undefined;
}
