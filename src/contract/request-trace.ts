/** `traceparent` and, where there is one, `tracestate`. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** The trace that a request is part of (W3C Trace Context). */
export interface RequestTrace {
  /** 32 digits of hex. */
  readonly traceId: string;
  /** For an upstream that is asked now, so that what it does is part of the same trace. */
  headers(): TraceHeaders;
}
