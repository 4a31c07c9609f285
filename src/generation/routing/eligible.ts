import type { TargetHealth } from '../health/target-health.js';
import type { Candidate } from './candidates.js';

/** Those whose breakers let a request through now. */
export function allowedByBreakers(
  candidates: readonly Candidate[],
  health: TargetHealth,
): readonly Candidate[] {
  return candidates.filter((candidate) => health.of(candidate).breaker.allows());
}

/**
 * Those that may be asked now. A request that nobody may be asked for goes to the one that is left
 * alone for the shortest time: a gateway that refuses everything by itself would be worse.
 */
export function eligible(
  candidates: readonly Candidate[],
  health: TargetHealth,
): readonly Candidate[] {
  const usable = allowedByBreakers(candidates, health);
  if (usable.length > 0) return usable;
  const waitMs = (candidate: Candidate) => health.of(candidate).breaker.msUntilAllowed;
  return candidates.toSorted((one, other) => waitMs(one) - waitMs(other)).slice(0, 1);
}
