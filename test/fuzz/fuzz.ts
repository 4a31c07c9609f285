import type { Judgement } from './oracle.js';
import { playRound, type Violation } from './round.js';

export interface FuzzSettings {
  readonly seed: number;
  readonly seconds: number;
  readonly concurrency: number;
  /** Also what Sluice is known not to do rightly yet (not-yet.ts). */
  readonly all: boolean;
}

export interface FuzzResult {
  readonly cases: number;
  readonly seconds: number;
  readonly violations: readonly Violation[];
  /** How often callers saw what. */
  readonly views: ReadonlyMap<Judgement['view'], number>;
}

/** A fresh Sluice now and then: what ends with the process is looked at, too. */
const CASES_PER_ROUND = 3000;

/** After so many there is more to mend than to find. */
const MAX_VIOLATIONS = 200;

/** Plays cases one after the other, many at once, until the time is up; which cases there are follows from the seed. */
export async function fuzz(settings: FuzzSettings): Promise<FuzzResult> {
  const { seed, all, concurrency } = settings;
  const startedAt = performance.now();
  const elapsed = () => (performance.now() - startedAt) / 1000;
  const views = new Map<Judgement['view'], number>();
  const violations: Violation[] = [];
  let k = 0;
  while (elapsed() < settings.seconds && violations.length < MAX_VIOLATIONS) {
    const end = k + CASES_PER_ROUND;
    const next = () => (k < end && elapsed() < settings.seconds ? k++ : undefined);
    const onCase = (_: unknown, { view }: Judgement) => views.set(view, (views.get(view) ?? 0) + 1);
    violations.push(...(await playRound({ seed, all, concurrency, next, onCase })));
  }
  return { cases: k, seconds: elapsed(), violations, views };
}
