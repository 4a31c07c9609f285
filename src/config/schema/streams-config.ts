import { Optional } from '../rules/rule.js';
import { Milliseconds, Integer } from '../rules/value-rules.js';

/** How long a stream may wait, and for what; the defaults never cut a healthy model. */
export class StreamsConfig {
  /** Longest silence towards a caller, in milliseconds: then a heartbeat goes out that clients ignore. */
  @Milliseconds()
  readonly heartbeatMs: number = 15_000;

  /**
   * How long the status of an answer may be held back, in milliseconds. Without content by then the
   * caller gets 200 and heartbeats, and a later failure comes inside the stream.
   */
  @Milliseconds()
  readonly commitAfterMs: number = 25_000;

  /**
   * How long a caller's socket may take no byte while bytes wait for it, in milliseconds; then the
   * caller is left. One that reads slowly is not.
   */
  @Milliseconds()
  readonly slowClientMs: number = 30_000;

  /** Longest wait for a connection to a backend, TLS included, in milliseconds. */
  @Milliseconds()
  readonly connectMs: number = 5000;

  /**
   * Longest wait for a target's first content, in milliseconds, from when the request was written;
   * then the next target is asked. Absent: 120 s while another target can answer, 270 s for the last.
   */
  @Optional()
  @Milliseconds()
  readonly firstTokenMs?: number;

  /** Longest silence of a target between two pieces of content, in milliseconds. */
  @Milliseconds()
  readonly idleMs: number = 180_000;

  /** Longest wait for the whole answer of a target that was asked not to stream, in milliseconds. */
  @Milliseconds()
  readonly answerMs: number = 300_000;

  /** Longest life of a request with all its attempts, in milliseconds. */
  @Milliseconds()
  readonly totalMs: number = 600_000;

  /**
   * What all streams together may hold of large events (images in base64) and plain answers, in
   * bytes; a stream that needs more fails as `overloaded`.
   */
  @Integer(1)
  readonly eventBytesInFlight: number = 64 * 1024 * 1024;
}

/** The waits of one target; what is left out is taken from its model. */
export class TargetStreamsConfig {
  /** Longest wait for this target's first content, in milliseconds. */
  @Optional()
  @Milliseconds()
  readonly firstTokenMs?: number;

  /** Longest silence between two pieces of content, in milliseconds. */
  @Optional()
  @Milliseconds()
  readonly idleMs?: number;

  /** Longest wait for a whole answer that was asked for without streaming, in milliseconds. */
  @Optional()
  @Milliseconds()
  readonly answerMs?: number;
}

/** The waits of one model; what is left out is taken from the top level. */
export class ModelStreamsConfig extends TargetStreamsConfig {
  /** Longest silence towards a caller, in milliseconds. */
  @Optional()
  @Milliseconds()
  readonly heartbeatMs?: number;

  /** How long the status of an answer may be held back, in milliseconds. */
  @Optional()
  @Milliseconds()
  readonly commitAfterMs?: number;

  /** How long a caller's socket may take no byte while bytes wait for it, in milliseconds. */
  @Optional()
  @Milliseconds()
  readonly slowClientMs?: number;

  /** Longest life of a request with all its attempts, in milliseconds. */
  @Optional()
  @Milliseconds()
  readonly totalMs?: number;
}
