import { count, counted, duration } from './format.js';
import { partyOf } from './parties.js';

/** @typedef {import('./told.d.ts').Stream} Stream */

/** What became of a stream. @param {Stream} stream */
export function outcomeWords({ state, endReason, fault }) {
  if (state === 'open') return '● open';
  const mark =
    toneOf({ state, endReason }) === 'bad'
      ? '✗'
      : toneOf({ state, endReason }) === 'good'
        ? '✓'
        : '–';
  const why = fault !== undefined && fault !== endReason ? ` (${fault})` : '';
  return `${mark} ${endReason}${why}`;
}

/** @param {Pick<Stream, 'state' | 'endReason'>} stream */
export function toneOf({ state, endReason }) {
  if (state === 'open') return 'open';
  if (endReason === 'completed') return 'good';
  return endReason === 'client_closed' || endReason === 'operator_closed' ? 'neutral' : 'bad';
}

/** @param {Stream} stream */
export function amountWords({ inputTokens, outputTokens, contentParts }) {
  if (inputTokens === undefined && outputTokens === undefined) return counted(contentParts, 'part');
  return `${known(inputTokens)} → ${known(outputTokens)} tokens`;
}

/** @param {number | undefined} n */
function known(n) {
  return n === undefined ? '?' : count(n);
}

/** The wait that matters: the one that goes on, or the longest there was. @param {Stream} stream */
export function waitOf({ waitingFor, longestGapMs, longestGapOn }) {
  if (waitingFor) {
    const { on, ms } = waitingFor;
    return { on, ms, words: `waits for ${partyOf(on).word}, ${duration(ms)}` };
  }
  if (longestGapOn === undefined || longestGapMs === undefined) return undefined;
  return {
    on: longestGapOn,
    ms: longestGapMs,
    words: `longest: ${partyOf(longestGapOn).word}, ${duration(longestGapMs)}`,
  };
}
