/** Who asks, and how; known before the request is routed. */
export interface Call {
  readonly requestId: string;
  /** Id of an access key, `anonymous` in open mode. */
  readonly caller: string;
  /** `false` keeps the request on its first target. */
  readonly fallback: boolean;
}
