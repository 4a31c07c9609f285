import type { GatewayError } from '../contract/gateway-error.js';

/** When the same target is asked again. */
export interface RepeatSettings {
  readonly limit: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly maxRetryAfterMs: number;
}

/**
 * How long to wait before the same target is asked again; nothing where the next one is to be asked.
 * @param repeats how often it was repeated already
 */
export function repeatDelayMs(
  failure: GatewayError,
  repeats: number,
  { limit, baseDelayMs, maxDelayMs, maxRetryAfterMs }: RepeatSettings,
  random = Math.random,
): number | undefined {
  if (!failure.mayRepeat || repeats >= limit) return undefined;
  const { retryAfterMs } = failure;
  if (retryAfterMs !== undefined) return retryAfterMs <= maxRetryAfterMs ? retryAfterMs : undefined;
  // Full jitter: whoever failed together must not come back together.
  return random() * Math.min(maxDelayMs, baseDelayMs * 2 ** repeats);
}
