import type { Usage } from '../../../contract/stream-event.js';

/** More than any context window; what is beyond it was not counted. */
const MAX_TOKENS = 1e9;

/** A number of tokens; nothing where it cannot be one: negative, infinite, a fraction, absurd. */
export function parseTokenCount(value: unknown): number | undefined {
  return isTokenCount(value) ? value : undefined;
}

/** What was counted, without what cannot be true. */
export function parseTokenCounts(given: Readonly<Record<keyof Usage, unknown>>): {
  readonly usage: Usage;
  readonly isPlausible: boolean;
} {
  return {
    usage: {
      input: parseTokenCount(given.input),
      output: parseTokenCount(given.output),
      cachedInput: parseTokenCount(given.cachedInput),
      cacheWrite: parseTokenCount(given.cacheWrite),
      reasoning: parseTokenCount(given.reasoning),
    },
    isPlausible: !Object.values(given).some(isImplausibleCount),
  };
}

/** Something was counted, and it cannot be true. o3 has reported -35. */
export function isImplausibleCount(value: unknown): boolean {
  return value != null && !isTokenCount(value);
}

function isTokenCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKENS;
}
