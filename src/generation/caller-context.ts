import type { GatewayConfig } from '../config/schema/gateway-config.js';
import type { Caller } from '../contract/caller.js';
import type { GenerationRecord } from '../contract/generation.js';
import type { RequestTrace } from '../contract/request-trace.js';
import type { DialectName } from '../contract/stream-event.js';

/** Who asks, and how; known before the request is routed. */
export interface CallerContext {
  readonly requestId: string;
  /** Of its body, as it was read; absent where it has none. */
  readonly requestBytes?: number | undefined;
  /** What its request is part of, where that is known. */
  readonly trace?: RequestTrace | undefined;
  /** What it speaks. */
  readonly dialect: DialectName;
  readonly caller: Caller;
  /** Where it calls from, as far as `server.trustedProxies` are believed. */
  readonly address: string;
  /** The snapshot that its request began with. */
  readonly config: GatewayConfig;
  /**
   * Whom a wait for room has to be fair to, and whose refusals are not the target's: the caller's id,
   * or in open mode its address.
   */
  readonly flow: string;
  /** The caller's own limit for the whole request; it may only shorten the configured one. */
  readonly timeoutMs?: number | undefined;
  /** `false` keeps the request on its first target. */
  readonly fallback: boolean;
  /** Told of its end, once: what it used is known only then. Must not throw. */
  readonly onEnd?: ((record: GenerationRecord) => void) | undefined;
}
