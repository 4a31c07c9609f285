import { hash } from 'node:crypto';
import type { RouteTarget } from './route-table.js';

const HASH_BYTES = 6;

/**
 * The targets of one request in the order in which they are asked: by priority, and among equal ones
 * by weighted rendezvous hashing. The same affinity meets the same target for as long as that is
 * well, affinities spread over targets by weight, and where a target is left out only its own move.
 * @param tiers targets of the same priority together
 * @see https://en.wikipedia.org/wiki/Rendezvous_hashing#Weighted_rendezvous_hash
 */
export function rankTargets(
  tiers: readonly (readonly RouteTarget[])[],
  affinity: () => string,
): readonly RouteTarget[] {
  return tiers.flatMap((tier) => (tier.length === 1 ? tier : ranked(tier, affinity())));
}

function ranked(tier: readonly RouteTarget[], affinity: string): readonly RouteTarget[] {
  return tier
    .map((target) => ({ target, score: scoreOf(target, affinity) }))
    .toSorted((one, other) => other.score - one.score)
    .map(({ target }) => target);
}

function scoreOf({ backend, model, weight }: RouteTarget, affinity: string): number {
  const digest = hash('sha1', `${backend}/${model}\n${affinity}`, 'buffer');
  // Uniform within 0 and 1, both excluded.
  const draw = (digest.readUIntBE(0, HASH_BYTES) + 0.5) / 256 ** HASH_BYTES;
  return -weight / Math.log(draw);
}
