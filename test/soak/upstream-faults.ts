import type { Length } from './answers.js';
import type { Random } from '../load/random.js';

/** How an upstream may answer, and how often of a thousand. */
const SHARES = {
  none: 560,
  pieces: 30,
  noise: 30,
  large: 4,
  noDone: 20,
  finishThenReset: 10,
  finishThenSilence: 2,
  limited: 20,
  limitedFor: 20,
  limitedForSeconds: 1,
  error500: 30,
  error503: 30,
  page: 10,
  resetBefore: 30,
  cutBefore: 20,
  silentBefore: 10,
  silentAfterHeaders: 8,
  onlyPings: 5,
  errorFirst: 20,
  eofFirst: 15,
  errorWithin: 20,
  eofWithin: 30,
  cutWithin: 30,
  resetWithin: 30,
  silentWithin: 12,
  brokenWithin: 20,
  hugeWithin: 3,
};

export type Fault = keyof typeof SHARES | 'refused';

export function faultFor(random: Random, length: Length, streams: boolean): Fault {
  const fault = random.weighted(SHARES);
  // It is about the caller then.
  if (length === 'endless') return 'none';
  if (length === 'long' && (fault === 'pieces' || fault === 'large')) return 'none';
  return streams || fault !== 'finishThenSilence' ? fault : 'none';
}
