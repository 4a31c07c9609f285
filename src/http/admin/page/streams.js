import { byId, element, setAttribute, setText } from './dom.js';
import { duration } from './format.js';
import { KeyedList } from './keyed-list.js';
import { LONG_MS, targetOf } from './parties.js';
import { amountWords, outcomeWords, toneOf, waitOf } from './stream-words.js';
import { cell } from './targets.js';
import { waitBar } from './wait-bar.js';

/** @typedef {import('./told.d.ts').Stream} Stream */

/**
 * Streams, a row each: a card on a phone.
 * @param {(stream: Stream) => void} onOpen somebody wants to see one whole
 */
export function streamTable(onOpen) {
  const list = new KeyedList(byId('streams'), ({ streamId }) => streamId, streamRow);

  /** @param {Stream} first */
  function streamRow(first) {
    let shown = first;
    const model = element('button', { type: 'button', class: 'open-details' }, first.model);
    const target = element('span', { class: 'quiet' });
    const name = element('th', { scope: 'row', role: 'rowheader', class: 'wide' }, model, target);
    const outcome = cell('State', 'state');
    const caller = cell('Caller');
    const age = cell('Age', 'number');
    const firstToken = cell('First token', 'number');
    const amount = cell('Amount', 'number');
    const bar = waitBar();
    const spent = cell('Where its time went', 'wide spent');
    spent.append(bar.element);
    const wait = cell('Wait', 'wide wait');
    const swatch = element('span', { class: 'swatch' });
    const words = element('span');
    wait.append(swatch, words);
    const row = element(
      'tr',
      { role: 'row' },
      name,
      outcome,
      caller,
      age,
      firstToken,
      amount,
      spent,
      wait,
    );
    // The button is for keyboards and names; a finger may hit the row anywhere.
    row.addEventListener('click', () => onOpen(shown));

    /** @param {Stream} stream */
    function update(stream) {
      shown = stream;
      setText(target, ` ← ${targetOf(stream) ?? 'nobody yet'}`);
      setText(outcome, outcomeWords(stream));
      setAttribute(row, 'class', `stream tone-${toneOf(stream)}`);
      setText(caller, stream.caller);
      setText(age, duration(stream.durationMs));
      setText(
        firstToken,
        stream.timeToFirstContentMs === undefined ? '–' : duration(stream.timeToFirstContentMs),
      );
      setText(amount, amountWords(stream));
      bar.update(stream.waitedMs);
      const current = waitOf(stream);
      setText(words, current?.words ?? 'none');
      setAttribute(swatch, 'class', `swatch ${current ? `on-${current.on}` : 'nobody'}`);
      wait.classList.toggle('long', current !== undefined && current.ms >= LONG_MS);
    }

    return { element: row, update };
  }

  return {
    /** @param {readonly Stream[]} streams */
    update(streams) {
      list.update(streams);
      byId('no-streams').hidden = streams.length > 0;
    },
  };
}
