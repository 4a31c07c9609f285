import type { Response } from 'express';
import type { Standings } from '../limits/standing.js';

const KINDS = ['requests', 'tokens'] as const;

/** For pages, which see only headers that are named to them. */
export const RATE_LIMIT_HEADERS = KINDS.flatMap((kind) =>
  ['limit', 'remaining', 'reset'].map((what) => `x-ratelimit-${what}-${kind}`),
);

/** As OpenAI says them: what is left of the limits per caller and model. */
export function setRateLimitHeaders(response: Response, standings: Standings): void {
  for (const kind of KINDS) {
    const standing = standings[kind];
    if (!standing) continue;
    response.setHeader(`x-ratelimit-limit-${kind}`, standing.limit);
    response.setHeader(`x-ratelimit-remaining-${kind}`, standing.remaining);
    response.setHeader(`x-ratelimit-reset-${kind}`, duration(standing.resetMs));
  }
}

/** Such as `120ms`, `8s`, `6m0s` or `1h0m0s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
