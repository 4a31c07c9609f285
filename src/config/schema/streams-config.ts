import { Optional } from '../rules/rule.js';
import { Integer, Milliseconds } from '../rules/value-rules.js';

/**
 * The waits that may differ for one target; what is left out is taken from its model. Fields here and
 * in the two classes below are absent, never `undefined`: the nearest ones are spread over the others.
 */
export class TargetStreamsConfig {
  /**
   * Longest wait for a target's first content, in milliseconds, from when the request was written;
   * then the next target is asked. Absent: 120 s while another target can answer, 270 s for the last.
   */
  @Optional()
  @Milliseconds()
  readonly firstTokenMs?: number;

  /** Longest silence of a target between two pieces of content, in milliseconds. */
  @Optional()
  @Milliseconds()
  readonly idleMs?: number;

  /** Longest wait for the whole answer of a target that was asked not to stream, in milliseconds. */
  @Optional()
  @Milliseconds()
  readonly answerMs?: number;
}

/** The waits that may differ for one model; what is left out is taken from the top level. */
export class ModelStreamsConfig extends TargetStreamsConfig {
  /** Longest silence towards a caller, in milliseconds: then a heartbeat goes out that clients ignore. */
  @Optional()
  @Milliseconds()
  readonly heartbeatMs?: number;

  /**
   * How long the status of an answer may be held back, in milliseconds. Without content by then the
   * caller gets 200 and heartbeats, and a later failure comes inside the stream.
   */
  @Optional()
  @Milliseconds()
  readonly commitAfterMs?: number;

  /**
   * How long a caller's socket may take no byte while bytes wait for it, in milliseconds; then the
   * caller is left. One that reads slowly is not.
   */
  @Optional()
  @Milliseconds()
  readonly slowClientMs?: number;

  /**
   * A single wait, for whomever, that is longer than this is counted as a stall, in milliseconds. It
   * ends nothing.
   */
  @Optional()
  @Milliseconds()
  readonly stallMs?: number;

  /** Longest life of a request with all its attempts, in milliseconds. */
  @Optional()
  @Milliseconds()
  readonly totalMs?: number;
}

/** How long a stream may wait, and for what; the defaults never cut a healthy model. */
export class StreamsConfig extends ModelStreamsConfig {
  override readonly idleMs: number = 180_000;
  override readonly answerMs: number = 300_000;
  override readonly heartbeatMs: number = 15_000;
  override readonly commitAfterMs: number = 25_000;
  override readonly slowClientMs: number = 30_000;
  override readonly totalMs: number = 600_000;
  override readonly stallMs: number = 2000;

  /** Longest wait for a connection to a backend, TLS included, in milliseconds. */
  @Milliseconds()
  readonly connectMs: number = 5000;

  /**
   * What all streams together may hold of large events (images in base64) and plain answers, in
   * bytes; a stream that needs more fails as `overloaded`.
   */
  @Integer(1)
  readonly eventBytesInFlight: number = 64 * 1024 * 1024;
}
