import { byId, element, setAttribute, setText, svg } from './dom.js';
import { count, duration } from './format.js';
import { LONG_MS, PARTIES } from './parties.js';
import { verdictOn, waiting } from './verdict.js';

/** @typedef {import('./told.d.ts').Snapshot} Snapshot */
/** @typedef {import('./told.d.ts').Stream} Stream */

/** Open streams that a snapshot has. */
const MAX_TOLD = 100;

const rows = PARTIES.map((party) => {
  const part = svg('rect', { class: `on-${party.on}`, height: '100%', width: '0%' });
  const bar = svg('svg', { class: 'count-bar', 'aria-hidden': 'true' }, part);
  const words = element('span', { class: 'party-count' });
  const swatch = element('span', { class: `swatch on-${party.on}` });
  const row = element(
    'li',
    {},
    element('span', { class: 'party' }, swatch, party.word),
    bar,
    words,
  );
  byId('parties').append(row);
  return { party, row, part, words };
});

/** The line of state at the top, and whom the open streams wait for. @param {Snapshot} snapshot */
export function showOverview({ process: { slots, queue, isDraining }, streams }) {
  setText(byId('slots'), `${count(slots.inUse)} of ${count(slots.limit)}`);
  setText(byId('queue'), `${count(queue.length)} of ${count(queue.limit)}`);
  byId('draining').hidden = !isDraining;
  byId('slots').classList.toggle('alarming', slots.inUse >= slots.limit);
  byId('queue').classList.toggle('alarming', queue.length > 0);
  const open = streams.filter(({ state }) => state === 'open');
  // Of very many only some are told.
  const openInAll = open.length < MAX_TOLD ? open.length : slots.inUse + queue.length;
  const { headline, more } = verdictOn(open, openInAll);
  setText(byId('headline'), headline);
  setText(byId('verdict'), more);
  byId('some').hidden = openInAll <= open.length;
  for (const row of rows) showParty(row, open);
  return openInAll;
}

/**
 * @param {typeof rows[number]} row
 * @param {readonly Stream[]} open
 */
function showParty({ party, row, part, words }, open) {
  const waits = waiting(open).filter(({ waitingFor }) => waitingFor.on === party.on);
  const longest = Math.max(0, ...waits.map(({ waitingFor }) => waitingFor.ms));
  setAttribute(part, 'width', `${(waits.length / Math.max(open.length, 1)) * 100}%`);
  setText(words, waits.length === 0 ? '0' : `${count(waits.length)}, longest ${duration(longest)}`);
  row.classList.toggle('none', waits.length === 0);
  row.classList.toggle('long', longest >= LONG_MS);
}
