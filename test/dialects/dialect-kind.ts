import type { Fault } from '../../src/contract/faults.js';
import type { JsonObject } from '../../src/contract/json.js';
import type { Dialect } from '../../src/http/dialects/dialect.js';
import type { Gateway } from '../support/gateway.js';
import type { BodyEnd, StrictStream } from '../support/strict-stream.js';

/** All that the contract suite knows of a dialect. */
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
  /** What a stream's last frame says of its failure. */
  wordsIn(last: JsonObject): FailureWords;
  /** A frame of the encoder as its caller reads it. */
  parseFrame(frame: Frame): JsonObject;
  /** What clients act on, of a fault that is told in-band. */
  codeOf(fault: Fault): string | null;
  /** The caller of an OpenAI upstream reads that upstream's own events. */
  readonly passesOpenAiEvents: boolean;
}

export interface FailureWords {
  readonly code: unknown;
  readonly message: unknown;
  readonly requestId: unknown;
}
