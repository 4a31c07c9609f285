import type { RetryConfig } from '../../config/schema/retry-config.js';
import type { GatewayError } from '../../contract/gateway-error.js';

/** When one target is asked again: what the top level, its model and itself say, merged. */
export type RetrySettings = RetryConfig;

/**
 * How long to wait before the same target is asked again; nothing where the next one is to be asked.
 * @param retries how often it was asked again already
 */
export function retryDelayMs(
  failure: GatewayError,
  retries: number,
  { limit, baseDelayMs, maxDelayMs, maxRetryAfterMs }: RetrySettings,
  random = Math.random,
): number | undefined {
  if (!failure.mayRetry || retries >= limit) return undefined;
  const { retryAfterMs } = failure;
  if (retryAfterMs !== undefined) return retryAfterMs <= maxRetryAfterMs ? retryAfterMs : undefined;
  // Full jitter: whoever failed together must not come back together.
  return random() * Math.min(maxDelayMs, baseDelayMs * 2 ** retries);
}
