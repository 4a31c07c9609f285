import { byId, setText } from './dom.js';
import { clock, roughDuration } from './format.js';
import { hasKey } from './key.js';

/** @typedef {import('./live-feed.js').LiveFeed} LiveFeed */

/** Snapshots come once a second; what is older than that is not what goes on now. */
const STALE_MS = 4000;

/**
 * Says whether what is shown is what goes on.
 * @param {LiveFeed} feed
 * @param {{ at: string, seen: number } | undefined} last snapshot, and when it came
 */
export function showConnection({ state }, last) {
  const age = last === undefined ? 0 : Date.now() - last.seen;
  const isLive = state.kind === 'live' && last !== undefined && age < STALE_MS;
  document.documentElement.dataset['live'] = isLive ? 'yes' : last === undefined ? 'never' : 'no';
  setText(byId('connection'), isLive ? 'Live' : last === undefined ? 'Not live yet' : 'Stale');
  const shown = last === undefined ? '' : ` Shown is ${clock(last.at)}, ${roughDuration(age)} ago.`;
  setText(byId('connection-why'), isLive ? '' : whyOf(state));
  setText(byId('connection-age'), isLive ? '' : shown + nextTry(state));
  byId('retry').hidden = isLive || (state.kind !== 'waiting' && state.kind !== 'needs-key');
  setText(byId('retry'), state.kind === 'needs-key' ? 'Enter a key' : 'Try now');
  byId('forget-key').hidden = !hasKey();
}

/** @param {LiveFeed['state']} state */
function whyOf(state) {
  if (state.kind === 'waiting' || state.kind === 'needs-key') return state.why;
  return state.kind === 'connecting' ? 'Connecting…' : 'Sluice says nothing.';
}

/** @param {LiveFeed['state']} state */
function nextTry(state) {
  if (state.kind !== 'waiting') return '';
  return ` Trying again in ${roughDuration(Math.max(0, state.until - Date.now()))}.`;
}
