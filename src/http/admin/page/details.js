import { askJson, wordsOf } from './api.js';
import { byId, setText } from './dom.js';
import { confirmed, dialogOf, notice } from './dialogs.js';
import { attemptRow, factRow, factsOf } from './facts.js';
import { counted, duration } from './format.js';
import { KeyedList } from './keyed-list.js';
import { oneAtATime } from './one-at-a-time.js';
import { targetOf } from './parties.js';
import { waitOf } from './stream-words.js';
import { timeline, waitRow, waitsOf } from './timeline.js';
import { partRow, partsOf, waitBar } from './wait-bar.js';

/** @typedef {import('./told.d.ts').Stream} Stream */
/** @typedef {import('./told.d.ts').Details} Details */

/** One stream whole, in a dialog over the others. */
export class StreamDialog {
  #dialog = dialogOf('details');
  #bar = waitBar();
  #parts = new KeyedList(byId('details-parts'), ({ on }) => on, partRow);
  #facts = new KeyedList(byId('facts'), ([name]) => name, factRow);
  #attempts = new KeyedList(byId('attempts'), ({ n }) => String(n), attemptRow);
  #waits = new KeyedList(byId('waits'), ({ atMs, on }) => `${atMs} ${on}`, waitRow);
  /** @type {Stream | undefined} */
  #shown;

  constructor() {
    byId('details-bar').append(this.#bar.element);
    byId('details-close').addEventListener('click', () => this.#dialog.close());
    byId('end-stream').addEventListener('click', () => void this.#end());
    byId('end-caller').addEventListener('click', () => void this.#endAll());
    this.#dialog.addEventListener('close', () => (this.#shown = undefined));
  }

  /** @param {Stream} stream */
  async open(stream) {
    this.#shown = stream;
    setText(byId('details-title'), stream.model);
    // Of the one before nothing shall be seen.
    this.#show({ ...stream, waits: [] });
    if (!this.#dialog.open) this.#dialog.showModal();
    await this.#load(stream);
  }

  /** A second has passed. */
  refresh = oneAtATime(async () => {
    if (this.#shown?.state === 'open') await this.#load(this.#shown);
  });

  /** @param {Stream} stream */
  async #load({ streamId }) {
    try {
      /** @type {Details} */
      const details = await askJson(`/streams/${encodeURIComponent(streamId)}`);
      // Meanwhile it may be another one.
      if (this.#shown?.streamId === streamId) this.#show(details);
    } catch (error) {
      if (this.#shown?.streamId === streamId) setText(byId('details-wait'), wordsOf(error));
    }
  }

  /** @param {Details} stream */
  #show(stream) {
    this.#shown = stream;
    setText(byId('details-target'), `← ${targetOf(stream) ?? 'nobody yet'}`);
    setText(byId('details-wait'), waitOf(stream)?.words ?? 'It never waited for long.');
    this.#bar.update(stream.waitedMs);
    this.#facts.update(factsOf(stream));
    this.#attempts.update(stream.attempts.map((attempt, n) => ({ ...attempt, n })));
    byId('no-attempts').hidden = stream.attempts.length > 0;
    const waits = waitsOf(stream);
    byId('timeline').replaceChildren(timeline(stream, waits));
    setText(byId('timeline-end'), duration(stream.durationMs));
    this.#waits.update(waits.toSorted((one, other) => other.ms - one.ms));
    this.#parts.update(partsOf(stream.waitedMs));
    byId('end-stream').hidden = stream.state !== 'open';
    setText(byId('end-caller'), `End all of ${stream.caller}`);
  }

  async #end() {
    const stream = this.#shown;
    if (!stream) return;
    const isMeant = await confirmed(
      'End this stream?',
      `${stream.model} for ${stream.caller}: its upstream is left, and its caller gets an honest error.`,
      'End it',
    );
    if (isMeant) await this.#remove(`/streams/${encodeURIComponent(stream.streamId)}`);
  }

  async #endAll() {
    const caller = this.#shown?.caller;
    if (caller === undefined) return;
    const isMeant = await confirmed(
      `End all streams of ${caller}?`,
      'Its next request is served again, unless its key is disabled in the configuration before.',
      'End all',
    );
    if (isMeant) await this.#remove(`/streams?caller=${encodeURIComponent(caller)}`);
  }

  /** @param {string} path */
  async #remove(path) {
    try {
      const { closed } = await askJson(path, 'DELETE');
      notice(`${counted(closed, 'stream')} ended.`);
    } catch (error) {
      notice(wordsOf(error));
    }
    await this.refresh();
  }
}
