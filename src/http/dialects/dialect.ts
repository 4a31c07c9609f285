import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import type { GenerationRecord } from '../../contract/generation.js';
import type { JsonObject } from '../../contract/json.js';
import type { DialectName, StreamEvent } from '../../contract/stream-event.js';

/**
 * A wire protocol spoken to callers: JSON in, frames out. It knows no response, no timer and no
 * Nest, which `stream/` does for all dialects. `Options` is what its answers depend on besides the
 * generation, `Frame` what its stream consists of.
 */
export interface Dialect<Options, Frame> {
  readonly name: DialectName;
  /** Of its streams. */
  readonly contentType: string;
  /** Where its clients look for the request id, beside `x-request-id`. */
  readonly requestIdHeader?: string;
  /** @throws GatewayError `invalid_request` naming the field in the caller's words */
  read(body: unknown, headers: RequestHeaders): ParsedRequest<Options>;
  encoder(options: Options, record: GenerationRecord): StreamEncoder<Frame>;
  /** The body of a whole answer. Absent: `read` makes every request one for a stream. */
  answer?(answer: ChatAnswer, options: Options): JsonObject;
  /** The answer to whatever fails before a stream is committed, also a 404 or 405. */
  failure(error: GatewayError, about: FailureInfo): FailureResponse;
}

/** As Node has them: by names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface FailureResponse {
  readonly body: object;
  /** Absent: the one that is usual for the failure, see `FailureInfo`. */
  readonly status?: number | undefined;
  /** They win over those that are usual for the failure. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A caller's request, read once: what the generation has to know, and what its encoder has to. */
export interface ParsedRequest<Options> {
  readonly dialect: DialectName;
  /** Public name; absent: the default model. */
  readonly model: string | undefined;
  /** `false`: the caller wants the whole answer at once. */
  readonly stream: boolean;
  readonly chat: ChatRequest;
  readonly options: Options;
}

/** What callers are told of a failure besides the error itself. */
export interface FailureInfo {
  readonly requestId: string;
  /** The status that is usual for it; absent in a stream. */
  readonly status?: number | undefined;
  /** Of the generation that failed, if there was one. */
  readonly record?: GenerationRecord | undefined;
}

/** The frames of one stream. Its only state is what its protocol has to remember. */
export interface StreamEncoder<Frame> {
  /**
   * The very first frame, where a stream opens without waiting for content: a failure that comes
   * later is told in-band. Absent: the status waits for content, and its failure has one of its own.
   */
  readonly opening?: Frame;
  /** Appends what an event has for callers to `frames`; most have one frame, some have none. */
  encode(event: StreamEvent, frames: Frame[]): void;
  /**
   * Text that fills silence, and that clients of the protocol skip.
   * @param silentMs how long nothing else was written
   */
  heartbeat(silentMs: number): string;
  /** The last frame of a stream that failed. */
  failureFrame(error: GatewayError, about: FailureInfo): Frame;
}
