import type { FuzzResult, FuzzSettings } from './fuzz.js';
import type { Violation } from './violation.js';

const SHOWN = 20;

/** What a run found, with the command that plays each finding again. */
export function reportOf({ seed }: FuzzSettings, result: FuzzResult): string {
  const { cases, seconds, views, violations } = result;
  const perMinute = Math.round((cases / seconds) * 60);
  const seen = [...views].map(([view, count]) => `${view} ${count}`).join(', ');
  return [
    `${cases} cases in ${Math.round(seconds)} s, ${perMinute} per minute; callers saw: ${seen}`,
    ...violations.slice(0, SHOWN).map((violation) => line(violation, seed)),
    ...(violations.length > SHOWN ? [`… and ${violations.length - SHOWN} more`] : []),
  ].join('\n');
}

function line({ cases, what }: Violation, seed: number): string {
  const short = what.length > 1500 ? `${what.slice(0, 1500)}…` : what;
  if (cases.length === 0) return short;
  return `${short}\n    npm run fuzz -- --seed ${seed} --only ${cases.join(',')}`;
}
