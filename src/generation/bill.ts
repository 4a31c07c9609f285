import type { AttemptRecord, Bill, Price, TokenCount } from '../contract/generation.js';
import type { Usage } from '../contract/stream-event.js';

/** What is left of a sum of prices: less than a token costs anywhere, more than binary fractions add. */
const USD_DECIMALS = 12;

/**
 * What a generation used, and what that cost (ADR 28). An attempt is billed where its upstream
 * reported usage or sent content. Output that was not reported is counted in parts. Input that was
 * not reported is that of another attempt of the same generation, which had the same prompt; where
 * none reported any, it is not known, and nothing is made up.
 */
export function billOf(attempts: readonly AttemptRecord[]): Bill {
  const billed = attempts.filter(({ usage, contentParts }) => usage || contentParts > 0);
  const prompt = billed.findLast(({ usage }) => usage?.input !== undefined)?.usage?.input;
  const used = billed.map(({ usage, contentParts }) => ({
    ...usage,
    input: usage?.input ?? prompt,
    output: usage?.output ?? (contentParts > 0 ? contentParts : undefined),
  }));
  const costsUsd = new Map<string, number>();
  for (const [index, { backend, price }] of billed.entries()) {
    const usage = used[index]!;
    // A report without a single count says nothing.
    if (!price || (usage.input === undefined && usage.output === undefined)) continue;
    costsUsd.set(backend, roundedUsd((costsUsd.get(backend) ?? 0) + costUsd(usage, price)));
  }
  const count = (name: 'input' | 'output'): TokenCount | undefined => {
    const tokens = sum(used.map((each) => each[name]));
    if (tokens === undefined) return undefined;
    const isReported = billed.every(({ usage }) => usage?.[name] !== undefined);
    return { tokens, source: isReported ? 'reported' : 'counted' };
  };
  return {
    input: count('input'),
    output: count('output'),
    cachedInput: sum(used.map(({ cachedInput }) => cachedInput)),
    reasoning: sum(used.map(({ reasoning }) => reasoning)),
    costsUsd,
  };
}

/** What it cost at all backends together. */
export function totalUsd({ costsUsd }: Bill): number | undefined {
  const usd = sum([...costsUsd.values()]);
  return usd === undefined ? undefined : roundedUsd(usd);
}

function costUsd({ input = 0, output = 0, cachedInput, cacheWrite }: Usage, price: Price): number {
  // Counts that contradict each other must not make a price negative.
  const cached = Math.min(cachedInput ?? 0, input);
  const written = Math.min(cacheWrite ?? 0, input - cached);
  const perMillion =
    (input - cached - written) * price.input +
    cached * (price.cachedInput ?? price.input) +
    written * (price.cacheWrite ?? price.input) +
    output * price.output;
  return perMillion / 1e6;
}

/** Of those that there are; nothing where there are none. */
function sum(counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : known.reduce((all, each) => all + each, 0);
}

function roundedUsd(usd: number): number {
  return Number(usd.toFixed(USD_DECIMALS));
}
