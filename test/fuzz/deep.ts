import type { Random } from '../load/random.js';
import { deepList, deepObject } from '../support/deep-json.js';

const PASSES = [10, 100, 900] as const;
const TOO_DEEP = [5000, 20_000, 200_000] as const;

/** JSON that is nested deeper than is sensible, or than passes. */
export function deepJson(random: Random): string {
  return nested(random, random.from([...PASSES, ...TOO_DEEP]));
}

export function tooDeepJson(random: Random): string {
  return nested(random, random.from(TOO_DEEP));
}

function nested(random: Random, levels: number): string {
  return random.chance(0.5) ? deepList(levels) : deepObject(levels);
}

/** Whether a text of JSON is deeper than an answer may be. */
export function isTooDeep(json: string): boolean {
  let depth = 0;
  for (const [bracket] of json.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > 1000) return true;
  }
  return false;
}
