import { askJson } from './api.js';
import { byId, element } from './dom.js';

/** @typedef {import('./told.d.ts').Stream} Stream */

const NAMES = /** @type {const} */ (['state', 'caller', 'model', 'endReason']);

/**
 * All of them: `npm run check:types` knows.
 * @type {Readonly<Record<import('./told.d.ts').EndReason, true>>}
 */
const END_REASONS = {
  completed: true,
  client_closed: true,
  slow_client: true,
  operator_closed: true,
  drained: true,
  rejected: true,
  overloaded: true,
  upstream_error: true,
  upstream_cut: true,
  first_token_timeout: true,
  idle_timeout: true,
  total_timeout: true,
  internal_error: true,
};

/** More than anybody scrolls through. */
const LIMIT = 200;

const form = /** @type {HTMLFormElement} */ (byId('filters'));

/** Which streams somebody wants to see, in which order. */
export class Filters {
  #known = { caller: new Set(), model: new Set() };

  /** @param {() => void} onChange */
  constructor(onChange) {
    byId('end-reasons').append(
      ...Object.keys(END_REASONS).map((reason) => element('option', {}, reason)),
    );
    form.addEventListener('input', onChange);
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('reset', () => setTimeout(onChange));
  }

  /** Those of the snapshot, or what Sluice finds among all that it keeps. @param {readonly Stream[]} streams */
  async apply(streams) {
    this.#suggest(streams);
    const query = this.#query();
    const found = query.size === 0 ? streams : await search(query);
    return this.#ordered(found);
  }

  /** As an address names it. @param {string} caller */
  showOnly(caller) {
    form.reset();
    this.#field('caller').value = caller;
    form.dispatchEvent(new Event('input'));
  }

  #query() {
    const query = new URLSearchParams();
    for (const name of NAMES) {
      const { value } = this.#field(name);
      if (value !== '') query.set(name, value);
    }
    return query;
  }

  /** @param {readonly Stream[]} streams */
  #ordered(streams) {
    if (this.#field('order').value !== 'wait') return streams;
    return streams.toSorted(
      (one, other) =>
        Number(other.state === 'open') - Number(one.state === 'open') ||
        waited(other) - waited(one),
    );
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLInputElement | HTMLSelectElement} */ (form.elements.namedItem(name));
  }

  /** What may be typed. @param {readonly Stream[]} streams */
  #suggest(streams) {
    for (const name of /** @type {const} */ (['caller', 'model'])) {
      for (const { [name]: value } of streams) {
        if (this.#known[name].has(value) || this.#known[name].size >= LIMIT) continue;
        this.#known[name].add(value);
        byId(`known-${name}`).append(element('option', { value }));
      }
    }
  }
}

/** @param {Stream} stream */
function waited({ waitingFor, longestGapMs = 0 }) {
  return waitingFor?.ms ?? longestGapMs;
}

/** @param {URLSearchParams} query @returns {Promise<readonly Stream[]>} */
async function search(query) {
  const { streams } = await askJson(`/streams?${query}&limit=${LIMIT}`);
  return streams;
}
