import { element, setText } from './dom.js';
import { bytes, clock, count, dollars, duration } from './format.js';
import { outcomeWords } from './stream-words.js';

/** @typedef {import('./told.d.ts').Details} Details */
/** @typedef {readonly [name: string, value: string]} Fact */

/** What is known of a stream, in words. @param {Details} stream @returns {Fact[]} */
export function factsOf(stream) {
  /** @type {[string, string | undefined][]} */
  const facts = [
    ['State', outcomeWords(stream)],
    ['Finish reason', stream.finishReason],
    ['Caller', stream.caller],
    ['From', stream.address],
    ['Started', clock(stream.startedAt)],
    [stream.state === 'open' ? 'Age' : 'Took', duration(stream.durationMs)],
    ['First token', known(stream.timeToFirstContentMs, duration)],
    ['In the queue', known(stream.queuedMs, duration)],
    ['Tokens in', known(stream.inputTokens, count)],
    ['Tokens out', known(stream.outputTokens, count)],
    ['Cost', known(stream.costUsd, dollars)],
    ['Content', `${count(stream.contentParts)} parts, ${count(stream.contentChars)} characters`],
    ['Request', known(stream.requestBytes, bytes)],
    ['Asked in', `${stream.dialect}, ${stream.streaming ? 'streaming' : 'whole'}`],
    ['Recoveries', stream.recoveries?.join(', ')],
    ['Stream id', stream.streamId],
    ['Request id', stream.requestId],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

/** @param {Fact} fact */
export function factRow([name]) {
  const value = element('dd');
  return {
    element: element('div', {}, element('dt', {}, name), value),
    /** @param {Fact} fact */
    update([, words]) {
      setText(value, words);
    },
  };
}

/** @typedef {Details['attempts'][number] & { readonly n: number }} Attempt with its place among the others */

/** @param {Attempt} attempt */
export function attemptRow({ target }) {
  const outcome = element('span');
  const ms = element('span', { class: 'number' });
  return {
    element: element('li', {}, element('span', { class: 'attempt-target' }, target), outcome, ms),
    /** @param {Attempt} attempt */
    update({ outcome: words, status, ms: took }) {
      setText(outcome, status === undefined ? words : `${words}, status ${status}`);
      setText(ms, duration(took));
    },
  };
}

/**
 * @param {number | undefined} value
 * @param {(value: number) => string} inWords
 */
function known(value, inWords) {
  return value === undefined ? undefined : inWords(value);
}
