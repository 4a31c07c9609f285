import type { Charged } from './quota.js';

/** What is left of a limit. */
export interface Standing {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

export interface Standings {
  readonly requests?: Standing | undefined;
  readonly tokens?: Standing | undefined;
}

/** Of the limits of each kind the one with the least left. */
export function standingsOf(charged: readonly Charged[], now: number): Standings {
  return {
    requests: standingOf(charged, 'requests', now),
    tokens: standingOf(charged, 'tokens', now),
  };
}

function standingOf(all: readonly Charged[], unit: keyof Standings, now: number) {
  let least: Standing | undefined;
  for (const { quota, used, window } of all) {
    if (quota.unit !== unit) continue;
    const remaining = Math.max(0, quota.limit - used);
    if (least && least.remaining <= remaining) continue;
    least = { limit: quota.limit, remaining, resetMs: Math.max(0, window.endsAt - now) };
  }
  return least;
}
