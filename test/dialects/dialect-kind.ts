import type { Fault } from '../../src/contract/faults.js';
import type { JsonObject } from '../../src/contract/json.js';
import type { Dialect } from '../../src/http/dialects/dialect.js';
import type { Gateway } from '../support/gateway.js';
import type { BodyEnd, StrictStream } from '../support/strict-stream.js';

/** All that the contract suite knows of a dialect: the media type of its streams, `Dialect` says. */
export interface DialectKind<Options, Frame> {
  readonly dialect: Dialect<Options, Frame>;
  /** The smallest request for a stream. */
  readonly request: JsonObject;
  /** Asks `model` for a stream. */
  ask(gateway: Gateway, model: string): Promise<Response>;
  /** Asks `model` with a client that people use, and reads the text to its end. */
  askOfficially(gateway: Gateway, model: string): Promise<string>;
  /** Takes nothing but what the protocol promises. */
  readStrictly(raw: string, end: BodyEnd): StrictStream;
  textOf(stream: StrictStream): string;
  /** How the body of a failed stream ends. */
  readonly failedEnd: BodyEnd;
  /** What a refusal's body, or the last frame of a stream, says of the failure. */
  wordsIn(said: JsonObject): FailureWords;
  /** What the protocol's errors have no place for. */
  readonly wordsLacking: readonly (keyof FailureWords)[];
  /** A frame of the encoder as its caller reads it. */
  parseFrame(frame: Frame): JsonObject;
  /** What clients act on, of a fault that is told in-band. */
  codeOf(fault: Fault): string | null;
  /** The kind of upstream whose own events its callers read. */
  readonly nativeUpstream?: 'openai' | 'ollama' | 'anthropic';
}

export interface FailureWords {
  readonly message: unknown;
  readonly code?: unknown;
  readonly requestId?: unknown;
  readonly attempts?: unknown;
}
