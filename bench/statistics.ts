/** What several runs came to. */
export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function summaryOf(values: readonly number[]): Summary {
  return { min: Math.min(...values), median: percentile(values, 50), max: Math.max(...values) };
}

/** The smallest value that so many percent do not exceed; of an even number, 50 is the lower middle. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}
