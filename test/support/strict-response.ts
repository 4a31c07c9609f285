import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../../src/contract/json.js';
import {
  type BodyEnd,
  framesOf,
  jsonIn,
  NotWellFormed,
  type StrictStream,
} from './strict-stream.js';

interface Event {
  readonly type: string;
  readonly data: JsonObject;
}

/** An item that was added, and what its deltas came to. */
interface Item {
  readonly id: unknown;
  readonly type: unknown;
  /** Of each delta that its parts, or the item itself, may have: `content 0`, `arguments`. */
  readonly said: Map<string, string>;
}

/**
 * Reads a streamed Response of OpenAI's and takes nothing but what its protocol promises: numbered
 * events, each named by a line of its own, `response.created` and `response.in_progress` first, items
 * added in order, said and done, then one terminal event that has all of them, and a clean end; or
 * `error` and `response.failed`, and an unclean one.
 */
export function strictResponse(raw: string, end: BodyEnd): StrictStream {
  const events = framesOf(raw)
    .filter((frame) => frame !== ': keepalive')
    .map((frame) => eventIn(frame, raw));
  for (const [n, { data }] of events.entries()) {
    if (data['sequence_number'] !== n) throw new NotWellFormed(`No number ${n}`, raw);
  }
  const [created, inProgress, ...rest] = events;
  if (created?.type !== 'response.created' || inProgress?.type !== 'response.in_progress') {
    throw new NotWellFormed('No response.created and response.in_progress', raw);
  }
  const last = rest.pop();
  if (last?.type === 'response.failed') {
    if (end !== 'cut') throw new NotWellFormed('A clean end after an error', raw);
    const error = rest.pop();
    if (error?.type !== 'error') throw new NotWellFormed('No error before response.failed', raw);
    new Items(raw).readAll(rest);
    return { events: rest, terminal: 'failed', last: error.data };
  }
  if (last?.type !== 'response.completed' && last?.type !== 'response.incomplete') {
    throw new NotWellFormed('No terminal state', raw);
  }
  if (end !== 'clean') throw new NotWellFormed(`A cut after ${last.type}`, raw);
  const items = new Items(raw);
  items.readAll(rest);
  items.endWith(last.data['response'], created.data['response']);
  return { events: rest, terminal: 'done', last: undefined };
}

/** The items of the output, as their events have them. */
class Items {
  readonly #items: Item[] = [];
  readonly #done: unknown[] = [];

  constructor(private readonly raw: string) {}

  readAll(events: readonly Event[]): void {
    for (const event of events) if (event.type !== 'keepalive') this.#read(event);
  }

  endWith(response: unknown, created: unknown): void {
    if (!isJsonObject(response) || !isJsonObject(created)) throw this.#wrong('a response');
    if (response['id'] !== created['id']) throw this.#wrong('another id');
    if (this.#done.length !== this.#items.length) throw this.#wrong('an item that is not done');
    if (!isDeepStrictEqual(response['output'], this.#done)) throw this.#wrong('another output');
  }

  #read({ type, data }: Event): void {
    const { output_index: index, item } = data;
    if (type === 'response.output_item.added') {
      if (index !== this.#items.length || !isJsonObject(item)) throw this.#wrong(type);
      this.#items.push({ id: item['id'], type: item['type'], said: new Map() });
      return;
    }
    const open = this.#items[Number(index)];
    if (!open || this.#done[Number(index)] !== undefined) throw this.#wrong(type);
    if (type === 'response.output_item.done') {
      if (!isJsonObject(item) || item['id'] !== open.id || item['type'] !== open.type) {
        throw this.#wrong(type);
      }
      this.#done[Number(index)] = item;
      return;
    }
    if (data['item_id'] !== open.id) throw this.#wrong(type);
    this.#readPiece(type, data, open.said);
  }

  #readPiece(type: string, data: JsonObject, said: Map<string, string>): void {
    const [, what, verb] = /^response\.(\w+)\.(added|delta|done)$/.exec(type) ?? [];
    const at = JSON.stringify(data['content_index'] ?? data['summary_index'] ?? 'arguments');
    switch (verb) {
      case 'added':
        if (said.has(at)) throw this.#wrong(type);
        said.set(at, '');
        return;
      case 'delta':
        if (at !== '"arguments"' && !said.has(at)) throw this.#wrong(type);
        said.set(at, (said.get(at) ?? '') + String(data['delta']));
        return;
      case 'done': {
        const { part, text, refusal, arguments: args } = data;
        const of = isJsonObject(part) ? part : { text: text ?? refusal ?? args };
        const whole = of['text'] ?? of['refusal'];
        if (what === undefined || whole !== (said.get(at) ?? '')) throw this.#wrong(type);
        return;
      }
      default:
        throw this.#wrong(type);
    }
  }

  #wrong(what: string): NotWellFormed {
    return new NotWellFormed(`Out of order or not what was said: ${what}`, this.raw);
  }
}

function eventIn(frame: string, raw: string): Event {
  const [, type, data] = /^event: ([a-z_.]+)\ndata: ([^\r\n]+)$/.exec(frame) ?? [];
  const json = data === undefined ? undefined : jsonIn(data, raw);
  if (type === undefined || json?.['type'] !== type) {
    throw new NotWellFormed(`A frame ${JSON.stringify(frame)}`, raw);
  }
  return { type, data: json };
}

/** The text of all deltas. */
export function textOfResponse({ events }: Pick<StrictStream, 'events'>): string {
  return events
    .filter(({ type }) => type === 'response.output_text.delta')
    .map(({ data }) => String(data['delta']))
    .join('');
}
