import { counted, duration, roughDuration } from './format.js';
import { LONG_MS, nameOf, PARTIES } from './parties.js';

/** @typedef {import('./told.d.ts').Stream} Stream */
/** @typedef {import('./told.d.ts').WaitedFor} WaitedFor */
/** @typedef {Stream & { waitingFor: NonNullable<Stream['waitingFor']> }} Waiting */

/** More names than that are no help. */
const MAX_NAMES = 2;

/**
 * Whose turn it is, in one sentence for the person who was woken up by it.
 * @param {readonly Stream[]} streams open ones
 * @param {number} openInAll of which `streams` are those that wait longest
 */
export function verdictOn(streams, openInAll) {
  if (streams.length === 0) return { headline: 'No stream is open.', more: '' };
  const open = `${counted(openInAll, 'stream')} ${openInAll === 1 ? 'is' : 'are'} open; `;
  const long = waiting(streams).filter(({ waitingFor }) => waitingFor.ms >= LONG_MS);
  if (long.length === 0) {
    return {
      headline: 'All streams flow.',
      more: `${open}none waits for longer than ${roughDuration(LONG_MS)}.`,
    };
  }
  const parties = PARTIES.map(({ on, what }) => ({
    what,
    names: namesOf(long, on),
    streams: long.filter(({ waitingFor }) => waitingFor.on === on),
  }))
    .filter((party) => party.streams.length > 0)
    .toSorted((one, other) => other.streams.length - one.streams.length);
  const clauses = parties.map((party) => `${party.streams.length} for ${party.what}${party.names}`);
  // Of those that are not told more may wait.
  const areMore = long.length === streams.length && openInAll > streams.length;
  const waits = long.length === 1 ? 'waits' : 'wait';
  const longest = Math.max(...long.map(({ waitingFor }) => waitingFor.ms));
  return {
    headline: headlineOf(long, areMore ? long.length : openInAll),
    more: `${open}${long.length}${areMore ? ' or more' : ''} ${waits} for longer than ${roughDuration(LONG_MS)}: ${clauses.join(', ')}. The longest wait is ${duration(longest)}.`,
  };
}

/** @param {readonly Stream[]} streams @returns {Waiting[]} */
export function waiting(streams) {
  return streams
    .filter((stream) => stream.waitingFor !== undefined)
    .map((stream) => /** @type {Waiting} */ (stream));
}

/** @type {readonly { parties: readonly WaitedFor[], words: string }[]} */
const SIDES = [
  { parties: ['backoff', 'connect', 'first_content', 'upstream'], words: 'upstreams are slow' },
  { parties: ['caller'], words: 'callers are slow' },
  { parties: ['queue'], words: 'Sluice is full' },
  { parties: ['sluice'], words: 'Sluice is slow' },
];

/** So few of all open streams, or of those that wait long, are no reason to name a side. */
const FEW = 0.2;

/**
 * Who keeps most of those that wait long.
 * @param {readonly Waiting[]} long
 * @param {number} open
 */
function headlineOf(long, open) {
  if (long.length < open * FEW) return 'Most streams flow.';
  const sides = SIDES.map(({ parties, words }) => ({
    words,
    count: long.filter(({ waitingFor }) => parties.includes(waitingFor.on)).length,
  }))
    .filter((side) => side.count > long.length * FEW)
    .toSorted((one, other) => other.count - one.count);
  const words = `${sides.map((side) => side.words).join(', and ')}.`;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * @param {readonly Waiting[]} long
 * @param {WaitedFor} on
 */
function namesOf(long, on) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const stream of long) {
    const name = nameOf(stream, on);
    if (stream.waitingFor.on !== on || name === undefined) continue;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts].toSorted(([, one], [, other]) => other - one).map(([name]) => name);
  if (names.length === 0) return '';
  const rest = names.length - MAX_NAMES;
  return ` (${names.slice(0, MAX_NAMES).join(', ')}${rest > 0 ? ` and ${rest} more` : ''})`;
}
