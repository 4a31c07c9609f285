import type { ChatBackend, UpstreamNotices } from '../../src/contract/chat-backend.js';
import type { Fault } from '../../src/contract/faults.js';
import type { EventBatch } from '../../src/contract/event-batch.js';
import type { StreamSource } from '../../src/backends/shared/connection/stream-source.js';
import type { UpstreamSettings } from '../../src/backends/shared/connection/upstream-settings.js';
import type { ScriptedUpstream, UpstreamScript } from '../support/scripted-upstream.js';
import type { UpstreamScripts } from '../support/upstream-scripts.js';

/** All that the contract suite knows of a kind of backend. */
export interface BackendKind {
  readonly name: string;
  create(settings: UpstreamSettings): ChatBackend;
  baseUrlOf(upstream: ScriptedUpstream): string;

  readonly scripts: UpstreamScripts<AnswerOptions> & {
    answersText(text: string, options?: AnswerOptions): UpstreamScript;
  };
  /** Of the API by which it goes on with an answer that is begun, where that is another one. */
  readonly prefillScripts?: BackendKind['scripts'];
  /** The header that an API key is sent in, and how. */
  keyHeader(apiKey: string): Readonly<Record<string, string>>;
  /** The protocol's word for an answer that just ended. */
  readonly stopWord: string;
  /** Its finish reasons say only why an answer is not whole: none is a stop, and an unknown one a limit. */
  readonly hasNoStopReasons?: true;
  /** Has a script end by this finish reason. */
  finishing(reason: string): AnswerOptions;
  /** One event with text and a finish reason that is a failure. */
  abortedWith(text: string): string;
  /** A streamed answer of a prompt of `input` tokens, and with an output of 3. */
  streamsCounts(input: unknown): UpstreamScript;
  /** Whole answers with something of anybody's making in them; the last has it for arguments of the tool `sum`. */
  readonly answersWith: readonly ((value: unknown) => unknown)[];
  /** The same as events. */
  readonly eventsWith: readonly ((value: unknown) => unknown)[];
  readonly streamType: string;
  /** An event of the stream as bytes. */
  event(json: string): string;
  /** An event with a piece of text. */
  textEvent(text: string): string;
  /** The event that says the answer is whole, without a terminator after it. */
  readonly finishEvent: string;
  /** An event that begins like JSON and is broken. */
  readonly brokenEvent: string;
  /** One thing that is no event of the protocol at all. */
  readonly noise: string;
  /** What means nothing and is no noise either: empty lines, comments, JSON that nobody knows. */
  readonly meaningless: string;

  /** An error body in the upstream's own shape; kinds without codes leave the details out. */
  errorBody(message: string, details?: ErrorDetails): unknown;
  /** The upstream's error bodies say codes and not only sentences. */
  readonly hasErrorCodes: boolean;
  /** Values of `error` within a stream, and what they mean. */
  readonly inBandErrors: readonly (readonly [what: string, error: unknown, fault: Fault])[];

  /** Folder and extension of the fixtures. */
  readonly fixtures: { readonly folder: string; readonly extension: string };
  readStream(
    bytes: AsyncIterable<Uint8Array>,
    source: StreamSource,
    notices: UpstreamNotices,
  ): AsyncIterable<EventBatch>;
}

/** Options that the scripts of every kind take; a kind has others beside them. */
export interface AnswerOptions {
  readonly headers?: Record<string, string>;
  /** OpenAI's word for it, and Ollama's. */
  readonly finishReason?: string;
  readonly doneReason?: string;
}

export interface ErrorDetails {
  readonly code?: string;
  readonly type?: string;
  readonly param?: string;
}
