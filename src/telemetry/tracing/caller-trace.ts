import type { RequestTrace, TraceHeaders } from '../../contract/request-trace.js';

/** Version 00, and what later ones may have behind it. */
const TRACEPARENT =
  /^(?!ff)([\da-f]{2})-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** As much of it as has to be passed on. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/** The trace that a caller says its request is part of. */
export class CallerTrace implements RequestTrace {
  private constructor(
    readonly traceId: string,
    readonly spanId: string,
    readonly isSampled: boolean,
    readonly state: string | undefined,
  ) {}

  /** Nothing where the caller says none, or something that is none. */
  static in(headers: Readonly<NodeJS.Dict<string | string[]>>): CallerTrace | undefined {
    const { traceparent, tracestate } = headers;
    if (typeof traceparent !== 'string') return undefined;
    const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(traceparent) ?? [];
    if (!traceId || !spanId || !flags || (version === '00' && more)) return undefined;
    const isState = typeof tracestate === 'string' && TRACESTATE.test(tracestate);
    const isSampled = (Number.parseInt(flags, 16) & 1) === 1;
    return new CallerTrace(traceId, spanId, isSampled, isState ? tracestate : undefined);
  }

  headers(): TraceHeaders {
    return traceHeaders(this.traceId, this.spanId, this.isSampled, this.state);
  }
}

export function traceHeaders(
  traceId: string,
  spanId: string,
  isSampled: boolean,
  state: string | undefined,
): TraceHeaders {
  const traceparent = `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
  return state ? { traceparent, tracestate: state } : { traceparent };
}
