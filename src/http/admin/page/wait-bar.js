import { element, setAttribute, setText, svg } from './dom.js';
import { duration, percent } from './format.js';
import { PARTIES, partyOf } from './parties.js';

/** @typedef {import('./told.d.ts').Stream} Stream */
/** @typedef {import('./told.d.ts').WaitedFor} WaitedFor */

/** A bar of all the time of a stream, divided among those who were waited for. */
export function waitBar() {
  const title = svg('title');
  const parts = PARTIES.map(({ on }) => ({
    on,
    rect: svg('rect', { class: `on-${on}`, height: '100%' }),
  }));
  const bar = svg(
    'svg',
    { class: 'wait-bar', role: 'img' },
    title,
    ...parts.map(({ rect }) => rect),
  );

  /** @param {Stream['waitedMs']} waitedMs */
  function update(waitedMs) {
    const all = PARTIES.reduce((sum, { on }) => sum + (waitedMs[on] ?? 0), 0);
    let at = 0;
    for (const { on, rect } of parts) {
      const share = all === 0 ? 0 : (waitedMs[on] ?? 0) / all;
      setAttribute(rect, 'x', `${at * 100}%`);
      setAttribute(rect, 'width', `${share * 100}%`);
      at += share;
    }
    const words = partsOf(waitedMs).map(wordsOf).join(', ') || 'no time yet';
    setText(title, words);
    setAttribute(bar, 'aria-label', words);
  }

  return { element: bar, update };
}

/** @typedef {{ on: WaitedFor, ms: number, share: number }} Part */

/** Those who were waited for, the longest first. @param {Stream['waitedMs']} waitedMs @returns {Part[]} */
export function partsOf(waitedMs) {
  const parts = PARTIES.map(({ on }) => ({ on, ms: waitedMs[on] ?? 0 })).filter(({ ms }) => ms > 0);
  const all = parts.reduce((sum, { ms }) => sum + ms, 0);
  return parts
    .map((part) => ({ ...part, share: part.ms / all }))
    .toSorted((one, other) => other.ms - one.ms);
}

/** @param {Part} part */
export function partRow({ on }) {
  const words = element('span');
  const row = element(
    'li',
    { class: 'party' },
    element('span', { class: `swatch on-${on}` }),
    words,
  );
  return {
    element: row,
    /** @param {Part} part */
    update(part) {
      setText(words, wordsOf(part));
    },
  };
}

/** @param {Part} part */
function wordsOf({ on, ms, share }) {
  return `${partyOf(on).word} ${duration(ms)} (${percent(share)})`;
}
