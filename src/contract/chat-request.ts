import type { JsonObject } from './json.js';
import type { DialectName, SealedReasoning } from './stream-event.js';

/**
 * What a caller asks for, in no dialect's words: otherwise every later dialect would become a
 * translation of OpenAI's JSON. Which model answers is decided by the route, not carried here.
 */
export interface ChatRequest {
  readonly messages: readonly Message[];
  readonly tools?: readonly Tool[] | undefined;
  readonly toolChoice?: ToolChoice | undefined;
  readonly responseFormat?: ResponseFormat | undefined;
  readonly sampling: Sampling;
  readonly reasoningEffort?: string | undefined;
  /** Requests with the same affinity should meet the same prompt cache. */
  readonly affinity?: string | undefined;
  /** The beginning of the answer: it has been said already, and only what follows it is asked for. */
  readonly prefill?: string | undefined;
  /**
   * A header of the caller's own request, by its name in lower case: a backend passes on those that
   * its configuration names, and no others. Nothing of them is held.
   */
  readonly callerHeader?: ((name: string) => string | undefined) | undefined;
  /** What the caller's body says beyond the fields above. */
  readonly unmodelled?: Unmodelled | undefined;
  /** Its caller may have no more than `sampling.maxTokens`, whatever its own body says. */
  readonly isOutputBound?: boolean | undefined;
  /** Its caller may have no other model than its route's, whatever its own body says. */
  readonly isBoundToModel?: boolean | undefined;
  /** The caller's own body: a backend that speaks its dialect sends it instead of building one. */
  readonly native?: NativeBody | undefined;
}

export interface NativeBody {
  readonly dialect: DialectName;
  readonly body: JsonObject;
  /** Headers of the caller's request that belong to the dialect as the body does (`anthropic-beta`). */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Names of fields that the neutral request does not carry, by what leaving them out would do. Only a
 * backend that speaks the dialect can honour them. What clients send to whoever answers, and what
 * nobody misses (`cache_control`), is in neither list.
 */
export interface Unmodelled {
  /** They change the shape of the answer (`logprobs`, `modalities`): a backend without them must not answer. */
  readonly shape: readonly string[];
  /** They only colour it (`logit_bias`): a backend may answer without, and the caller is told. */
  readonly hints: readonly string[];
}

export interface Message {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  readonly name?: string | undefined;
  /** The field that it stands in, where that is not `messages`, among which it does not count then. */
  readonly param?: 'system' | undefined;
  /**
   * The parts in the caller's order, so that an index names the same part to the caller. Results of
   * tools may come several in one message, and beside what a user says (Anthropic's callers).
   */
  readonly parts: readonly MessagePart[];
  /** What its caller calls each of the parts, where that does not follow from where they stand. */
  readonly partParams?: readonly string[] | undefined;
}

/** What people, models and tools say. */
export type ContentPart =
  | { readonly type: 'text'; readonly text: string }
  /** `url` is a `data:` URL or a remote one. */
  | { readonly type: 'image'; readonly url: string; readonly detail?: string | undefined }
  /** A part that only its own dialect's backends understand (audio, files): `kind` is the caller's word for it. */
  | { readonly type: 'opaque'; readonly kind: string };

export type MessagePart =
  | ContentPart
  | {
      readonly type: 'tool-call';
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
    }
  | {
      readonly type: 'tool-result';
      readonly toolCallId: string;
      /** In the caller's order, too. */
      readonly parts: readonly ContentPart[];
      /** The tool failed, and this is what it said. */
      readonly isError?: boolean | undefined;
    }
  | {
      readonly type: 'reasoning';
      readonly text: string;
      readonly signature?: SealedReasoning | undefined;
      /** It is this alone, and has no text. */
      readonly redacted?: SealedReasoning | undefined;
    };

export interface Tool {
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON Schema of the arguments. */
  readonly parameters?: JsonObject | undefined;
  readonly strict?: boolean | undefined;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema';
      readonly name: string;
      readonly schema: JsonObject;
      readonly strict?: boolean | undefined;
    };

export interface Sampling {
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly presencePenalty?: number | undefined;
}
