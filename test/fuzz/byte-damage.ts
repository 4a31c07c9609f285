import * as fc from 'fast-check';
import { damaged } from '../property/damage.js';
import type { Random } from '../load/random.js';

/** What a broken network, proxy, client or server makes of these bytes; now and then what it leaves as it is. */
export function damagedBytes(random: Random, bytes: Uint8Array): Uint8Array {
  return sampled(random, damaged(fc.constant(bytes))).bytes;
}

/** One value of an arbitrary, by our own chance. */
export function sampled<T>(random: Random, arbitrary: fc.Arbitrary<T>): T {
  const seed = random.between(0, 2 ** 31 - 1);
  return fc.sample(arbitrary, { seed, numRuns: 1 })[0]!;
}
