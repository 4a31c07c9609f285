import { ask, Refusal, wordsOf } from './api.js';
import { EventStream } from './event-stream.js';
import { hasKey } from './key.js';

/** @typedef {import('./told.d.ts').Snapshot} Snapshot */
/**
 * @typedef {{ kind: 'connecting' } | { kind: 'live' }
 *   | { kind: 'waiting', why: string, until: number }
 *   | { kind: 'needs-key', why: string }} FeedState
 */

const BACKOFF_MS = [1000, 2000, 4000, 8000, 15_000];

/** There is one every second: a connection that is silent for so long is gone, whatever it says. */
const SILENCE_MS = 8000;

/** Snapshots of Sluice as long as it can be reached, and the truth about whether it can. */
export class LiveFeed {
  /** @type {FeedState} */
  state = { kind: 'connecting' };
  #failures = 0;
  /** @type {() => void} ends the wait before the next try */
  #wake = () => {};
  #onSnapshot;
  #onState;

  /**
   * @param {(snapshot: Snapshot) => void} onSnapshot
   * @param {() => void} onState
   */
  constructor(onSnapshot, onState) {
    this.#onSnapshot = onSnapshot;
    this.#onState = onState;
  }

  async run() {
    for (;;) {
      this.#enter({ kind: 'connecting' });
      try {
        await this.#listen();
        await this.#pause('Sluice has ended the connection.');
      } catch (error) {
        if (error instanceof Refusal && error.isAboutKey) await this.#askForKey(whyKey(error));
        else await this.#pause(wordsOf(error));
      }
    }
  }

  /** Tries again now: there is a key, or somebody does not want to wait. */
  tryNow() {
    this.#wake();
  }

  async #listen() {
    const leaving = new AbortController();
    let silence = setTimeout(leave, SILENCE_MS);
    try {
      const { body } = await ask('/events', { signal: leaving.signal });
      if (!body) return;
      const events = new EventStream(body);
      for (let event = await events.next(); event; event = await events.next()) {
        clearTimeout(silence);
        silence = setTimeout(leave, SILENCE_MS);
        if (event.name !== 'snapshot') continue;
        this.#failures = 0;
        if (this.state.kind !== 'live') this.#enter({ kind: 'live' });
        const snapshot = JSON.parse(event.data);
        // A mistake of the page's own is no failure of the connection.
        queueMicrotask(() => this.#onSnapshot(snapshot));
      }
    } catch (error) {
      throw leaving.signal.aborted ? leaving.signal.reason : error;
    } finally {
      clearTimeout(silence);
    }

    function leave() {
      leaving.abort(new TypeError('silent'));
    }
  }

  /** @param {string} why */
  async #askForKey(why) {
    this.#failures = 0;
    await new Promise((/** @type {(value: void) => void} */ resolve) => {
      this.#wake = resolve;
      this.#enter({ kind: 'needs-key', why });
    });
  }

  /** @param {string} why */
  async #pause(why) {
    const ms = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 0;
    this.#failures += 1;
    await new Promise((/** @type {(value: void) => void} */ resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#enter({ kind: 'waiting', why, until: Date.now() + ms });
    });
  }

  /** @param {FeedState} state */
  #enter(state) {
    this.state = state;
    this.#onState();
  }
}

/** @param {Refusal} refusal */
function whyKey({ message }) {
  return hasKey() ? message : 'What is shown here is for operators.';
}
