import { byId, element, setAttribute, setText } from './dom.js';
import { count, percent, roughDuration } from './format.js';
import { KeyedList } from './keyed-list.js';

/** @typedef {import('./told.d.ts').Snapshot} Snapshot */
/** @typedef {import('./told.d.ts').Target} Target */

/**
 * Those who answer, and how they do.
 * @param {(id: string) => void} onClose somebody wants a breaker closed
 */
export function targetTable(onClose) {
  /** Of the snapshot that is shown, by the clock of Sluice. */
  let now = 0;
  const list = new KeyedList(byId('targets'), ({ id }) => id, targetRow);

  /** @param {Target} target */
  function targetRow({ id }) {
    const models = element('span', { class: 'models quiet' });
    const name = element('th', { scope: 'row', role: 'rowheader', class: 'wide' }, id, models);
    const state = cell('Breaker', 'wide');
    const word = element('span', { class: 'state' });
    const close = element('button', { type: 'button' });
    close.addEventListener('click', () => onClose(id));
    state.append(word, ' ', close);
    const inFlight = cell('In flight', 'number');
    const share = cell('Share', 'number');
    const fault = cell('Last fault', 'wide');
    const row = element('tr', { role: 'row' }, name, state, inFlight, share, fault);

    /** @param {Target} target */
    function update(target) {
      setText(word, breakerWords(target));
      word.className = `state breaker-${target.disabled ? 'disabled' : isRested(target) ? 'resting' : target.breaker}`;
      close.hidden = target.breaker === 'closed' && !isRested(target);
      setText(close, isRested(target) ? 'End its rest' : 'Close breaker');
      setAttribute(close, 'aria-label', `${close.textContent}: ${id}`);
      setText(inFlight, count(target.inFlight));
      setText(share, percent(target.share));
      setText(fault, faultWords(target));
      setText(models, `for ${target.models.join(', ')}`);
    }

    return { element: row, update };
  }

  /** @param {Target} target */
  function faultWords({ lastFault }) {
    if (!lastFault) return 'none';
    return `${lastFault.fault}, ${roughDuration(Math.max(0, now - Date.parse(lastFault.at)))} ago`;
  }

  return {
    /** @param {Snapshot} snapshot */
    update({ at, targets }) {
      now = Date.parse(at);
      list.update(targets);
    },
  };
}

/** It asked to be left alone for a while; its breaker has seen nothing bad. @param {Target} target */
function isRested({ breaker, allowedInMs }) {
  return breaker === 'closed' && allowedInMs !== undefined;
}

/** @param {Target} target */
function breakerWords({ breaker, disabled, allowedInMs = 0 }) {
  if (disabled) return 'disabled';
  const wait = allowedInMs > 0 ? `, asked again in ${roughDuration(allowedInMs)}` : '';
  if (breaker === 'half_open') return 'half open: one request tries';
  return breaker === 'open' ? `open${wait}` : wait === '' ? 'closed' : `rests${wait}`;
}

/** A cell that knows its heading, which a phone shows beside it. @param {string} label */
export function cell(label, classes = '') {
  return element('td', { role: 'cell', class: classes, 'data-label': label });
}
