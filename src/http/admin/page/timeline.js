import { element, setText, svg } from './dom.js';
import { duration } from './format.js';
import { partyOf } from './parties.js';

/** @typedef {import('./told.d.ts').Details} Details */

/** Less cannot be seen. */
const MIN_WIDTH_PERCENT = 0.4;

/** The longest waits of a stream, and the one that goes on. @param {Details} stream */
export function waitsOf({ waits, waitingFor }) {
  if (
    !waitingFor ||
    waits.some(({ atMs, on }) => atMs === waitingFor.atMs && on === waitingFor.on)
  ) {
    return waits;
  }
  return [...waits, waitingFor];
}

/**
 * Waits of a stream from its start to its end, or to now.
 * @param {Details} stream
 * @param {Details['waits']} waits
 */
export function timeline({ durationMs, timeToFirstContentMs }, waits) {
  const whole = Math.max(durationMs, 1);
  const percentOf = (/** @type {number} */ ms) => Math.min(100, (ms / whole) * 100);
  const bars = waits.map(({ on, atMs, ms }) => {
    const words = `at ${duration(atMs)}: ${partyOf(on).word}, ${duration(ms)}`;
    return svg(
      'rect',
      {
        class: `on-${on}`,
        x: `${percentOf(atMs)}%`,
        width: `${Math.max(MIN_WIDTH_PERCENT, percentOf(ms))}%`,
        height: '100%',
      },
      svg('title', {}, words),
    );
  });
  const first = timeToFirstContentMs === undefined ? [] : [lineAt(timeToFirstContentMs)];
  const label = `${waits.length} waits from its start to ${duration(durationMs)}; they are listed below`;
  return svg('svg', { class: 'timeline', role: 'img', 'aria-label': label }, ...bars, ...first);

  /** @param {number} ms */
  function lineAt(ms) {
    const x = `${percentOf(ms)}%`;
    return svg('line', { class: 'first-content', x1: x, x2: x, y1: '0', y2: '100%' });
  }
}

/** @param {Details['waits'][number]} first */
export function waitRow(first) {
  const at = element('span', { class: 'number' });
  const ms = element('span', { class: 'number' });
  const party = element(
    'span',
    { class: 'party' },
    element('span', { class: `swatch on-${first.on}` }),
    partyOf(first.on).word,
  );
  return {
    element: element('li', {}, at, party, ms),
    /** @param {Details['waits'][number]} wait */
    update(wait) {
      setText(at, `at ${duration(wait.atMs)}`);
      setText(ms, duration(wait.ms));
    },
  };
}
