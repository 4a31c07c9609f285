/** @typedef {import('./told.d.ts').WaitedFor} WaitedFor */
/** @typedef {import('./told.d.ts').Stream} Stream */

/**
 * Whom a stream can wait for, in the order in which it meets them. Each has one colour and one word,
 * wherever it is shown.
 * @type {readonly { on: WaitedFor, word: string, what: string }[]}
 */
export const PARTIES = [
  { on: 'queue', word: 'queue', what: 'room in Sluice' },
  { on: 'backoff', word: 'back-off', what: 'the next try of a target' },
  { on: 'connect', word: 'connection', what: 'a connection to an upstream' },
  { on: 'first_content', word: 'first content', what: 'first content of an upstream' },
  { on: 'upstream', word: 'upstream', what: 'more from an upstream' },
  { on: 'caller', word: 'caller', what: 'a caller that does not read' },
  { on: 'sluice', word: 'Sluice', what: 'Sluice itself' },
];

/** From here on a wait is worth a look; `streams.stallMs` counts from the same by default. */
export const LONG_MS = 2000;

/** @param {WaitedFor} on */
export function partyOf(on) {
  // A newer Sluice may know more than a page that stayed open.
  return PARTIES.find((party) => party.on === on) ?? { on, word: on, what: on };
}

/**
 * Who is at the other end of a wait.
 * @param {Stream} stream
 * @param {WaitedFor} on
 */
export function nameOf(stream, on) {
  if (on === 'caller') return stream.caller;
  return on === 'queue' || on === 'sluice' ? undefined : targetOf(stream);
}

/** Who answers, or is to. @param {Pick<Stream, 'target' | 'asking'>} stream */
export function targetOf({ target, asking }) {
  return asking ?? target;
}
