/** More than any context window; what is beyond it was not counted. */
const MAX_TOKENS = 1e9;

/** A number of tokens; nothing where it cannot be one: negative, infinite, a fraction, absurd. */
export function parseTokenCount(value: unknown): number | undefined {
  return isTokenCount(value) ? value : undefined;
}

/** Something was counted, and it cannot be true. o3 has reported -35. */
export function isImplausibleCount(value: unknown): boolean {
  return value != null && !isTokenCount(value);
}

function isTokenCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKENS;
}
