import type { Judgement } from './oracle.js';
import { playRound } from './round.js';
import type { SessionOptions } from './session.js';
import type { Violation } from './violation.js';

export interface FuzzSettings extends SessionOptions {
  readonly seconds: number;
  /** No more than so many, though there may be time. */
  readonly maxCases?: number | undefined;
  readonly concurrency: number;
}

export interface FuzzResult {
  readonly cases: number;
  readonly seconds: number;
  readonly violations: readonly Violation[];
  /** How often callers saw what. */
  readonly views: ReadonlyMap<Judgement['view'], number>;
}

/** A fresh Sluice now and then: what ends with the process is looked at, too. */
const CASES_PER_ROUND = 5000;

const WINDOW = 250;

/** After so many there is more to mend than to find. */
const MAX_VIOLATIONS = 200;

/** Plays cases one after the other, many at once, until the time is up; which cases there are follows from the seed. */
export async function fuzz(settings: FuzzSettings): Promise<FuzzResult> {
  const startedAt = performance.now();
  const elapsed = () => (performance.now() - startedAt) / 1000;
  const views = new Map<Judgement['view'], number>();
  const violations: Violation[] = [];
  const { maxCases = Infinity } = settings;
  let k = 0;
  const isOver = () => k >= maxCases || elapsed() >= settings.seconds;
  while (!isOver() && violations.length < MAX_VIOLATIONS) {
    const end = k + CASES_PER_ROUND;
    const next = () => (k < end && !isOver() ? k++ : undefined);
    const onCase = (_: unknown, { view }: Judgement) => views.set(view, (views.get(view) ?? 0) + 1);
    violations.push(...(await playRound({ ...settings, window: WINDOW, next, onCase })));
  }
  const seconds = elapsed();
  return { cases: k, seconds, violations: await narrowed(violations, settings), views };
}

/** Plays the cases of the first violation that may be of many alone, one after the other, to find the one. */
async function narrowed(
  violations: readonly Violation[],
  { seed }: FuzzSettings,
): Promise<readonly Violation[]> {
  const wide = violations.find(({ cases }) => cases.length > 1);
  if (!wide) return violations;
  return [...violations, ...(await playAlone(wide.cases, { seed }))];
}

/** Plays cases with nothing beside them, each up to its rest. */
export function playAlone(cases: readonly number[], options: SessionOptions): Promise<Violation[]> {
  const left = [...cases];
  return playRound({ ...options, concurrency: 1, window: 1, next: () => left.shift() });
}
