import type { ByteBudget } from '../../../contract/byte-budget.js';

/** What every kind of upstream is reached by; made from the configuration. */
export interface UpstreamSettings {
  readonly id: string;
  readonly baseUrl: string;
  /** Absent or empty: no `Authorization` header is sent. */
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Headers of the caller's request that are passed on. */
  readonly forwardHeaders?: readonly string[] | undefined;
  /** It is told which trace a request is part of. */
  readonly traceContext?: boolean | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** The authorities that this upstream's certificate is checked against, instead of Node's, as PEM. */
  readonly ca?: string | undefined;
  /** Longest wait for a connection, TLS included. */
  readonly connectMs: number;
  /** Longest single event of a stream. */
  readonly maxEventBytes: number;
  /** Where it is counted what the streams of all backends hold of large events. */
  readonly eventBytes: ByteBudget;
  readonly proxy?: ProxySettings | undefined;
}

export interface ProxySettings {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  /** Hosts reached directly, in curl's NO_PROXY notation. */
  readonly noProxy?: string | undefined;
}
