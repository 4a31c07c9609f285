import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../../src/contract/json.js';

/** What is written piece by piece: in which kind of item, as what part of it, and what its whole is called. */
const PIECES: Readonly<Record<string, readonly [item: string, part: string, whole: string]>> = {
  'response.output_text': ['message', 'output_text', 'text'],
  'response.refusal': ['message', 'refusal', 'refusal'],
  'response.reasoning_summary_text': ['reasoning', 'summary_text', 'text'],
  'response.function_call_arguments': ['function_call', '', 'arguments'],
};

const PARTS: Readonly<Record<string, string>> = {
  'response.content_part': 'message',
  'response.reasoning_summary_part': 'reasoning',
};

interface Part {
  readonly type: string;
  text: string;
  /** Its text was said again, then the part itself. */
  isSaid: boolean;
  isClosed: boolean;
}

interface Item {
  readonly added: JsonObject;
  readonly parts: Part[];
  done: JsonObject | undefined;
}

/**
 * The items of a streamed Response, as its events write them: added with the next index, its parts
 * one after the other, deltas that add up to what is said whole, and closed with all of it. What is
 * said or thought is open alone; calls may be open side by side.
 */
export class ResponseItems {
  readonly #items: Item[] = [];

  constructor(private readonly wrong: (what: string) => Error) {}

  take(type: string, data: JsonObject): void {
    const [, name = '', step] = /^(.+)\.(added|delta|done)$/.exec(type) ?? [];
    if (name === 'response.output_item') {
      if (step === 'added') return this.#add(data);
      if (step === 'done') return this.#close(data);
    }
    const item = this.#items[Number(data['output_index'])];
    if (!item || item.done || data['item_id'] !== item.added['id']) {
      throw this.wrong(`${type} of an item that is not open`);
    }
    const kind = item.added['type'];
    if (name in PARTS && PARTS[name] === kind) {
      if (step === 'added') return this.#addPart(item, data);
      if (step === 'done') return this.#closePart(item, data);
    }
    const [of, part, whole] = PIECES[name] ?? [];
    const open = item.parts.at(-1);
    if (of !== kind || whole === undefined) throw this.wrong(`An event ${type}`);
    if (!open || open.type !== part || open.isSaid || !this.#isAtLast(item, data)) {
      throw this.wrong(`${type} of a part that is not open`);
    }
    if (step === 'delta') {
      if (typeof data['delta'] !== 'string' || data['delta'] === '') throw this.wrong('No delta');
      open.text += data['delta'];
    } else {
      if (data[whole] !== open.text) throw this.wrong(`${type} that says something else`);
      open.isSaid = true;
    }
    const hasLogprobs = part !== 'output_text' || Array.isArray(data['logprobs']);
    if (!hasLogprobs) throw this.wrong(`${type} without logprobs`);
  }

  /** All items, where each has to be closed; the last one may be incomplete where the Response is. */
  finished(status: string): readonly JsonObject[] {
    return this.#items.map(({ added, done }) => {
      if (!done) throw this.wrong(`${String(added['id'])} is open at the end`);
      if (done['status'] !== 'completed' && done['status'] !== status) {
        throw this.wrong(`${String(added['id'])} is ${String(done['status'])}`);
      }
      return done;
    });
  }

  /** All items as far as they came. */
  unfinished(): readonly JsonObject[] {
    return this.#items.map((item) => item.done ?? wholeOf(item, { status: 'incomplete' }));
  }

  #add({ output_index: index, item }: JsonObject): void {
    if (index !== this.#items.length || !isJsonObject(item)) throw this.wrong('An item apart');
    const { id, type } = item;
    const isNew =
      typeof id === 'string' && id && this.#items.every(({ added }) => added['id'] !== id);
    if (!isNew) throw this.wrong(`An id ${String(id)}`);
    if (type === 'function_call') {
      const { call_id: callId, name } = item;
      // An upstream's call without a name is passed on as one, as on the other routes.
      if (!callId || typeof name !== 'string') throw this.wrong('A call without its id');
      if (this.#items.some(({ added }) => added['call_id'] === callId)) {
        throw this.wrong('Two calls of one id');
      }
    } else if (this.#items.some(({ added, done }) => !done && added['type'] !== 'function_call')) {
      throw this.wrong('An item beside one that is open');
    }
    // A call's arguments have no event that opens them.
    const parts = type === 'function_call' ? [emptyPart('')] : [];
    const added = { added: item, parts, done: undefined };
    if (!isDeepStrictEqual(item, wholeOf(added, { status: 'in_progress' }))) {
      throw this.wrong('An item that is not empty');
    }
    this.#items.push(added);
  }

  #addPart(item: Item, data: JsonObject): void {
    const { part: said } = data;
    if (item.parts.at(-1)?.isClosed === false) throw this.wrong('A part beside an open one');
    const type = isJsonObject(said) ? String(said['type']) : '';
    item.parts.push(emptyPart(type));
    if (!this.#isAtLast(item, data)) throw this.wrong('A part apart');
    if (!isDeepStrictEqual(said, partOf(item.parts.at(-1)!))) throw this.wrong('A part with text');
  }

  #closePart(item: Item, data: JsonObject): void {
    const open = item.parts.at(-1);
    if (!open?.isSaid || open.isClosed || !this.#isAtLast(item, data)) {
      throw this.wrong('A part that is closed too early, or twice');
    }
    if (!isDeepStrictEqual(data['part'], partOf(open))) throw this.wrong('Another part');
    open.isClosed = true;
  }

  #close({ output_index: index, item: done }: JsonObject): void {
    const item = this.#items[Number(index)];
    if (!item || item.done || !isJsonObject(done)) throw this.wrong('An item closed twice');
    if (item.parts.some(isOpen)) throw this.wrong('An item closed over an open part');
    const { status, encrypted_content: sealed } = done;
    const whole = wholeOf(item, {
      status,
      ...(sealed !== undefined && { encrypted_content: sealed }),
    });
    if (!isDeepStrictEqual(done, whole)) throw this.wrong('Another item than was written');
    item.done = done;
  }

  /** Of the last part of an item: its index says so. */
  #isAtLast({ added, parts }: Item, data: JsonObject): boolean {
    const at = parts.length - 1;
    if (added['type'] === 'message') return data['content_index'] === at;
    return added['type'] === 'function_call' || data['summary_index'] === at;
  }
}

/** Of a call there is nothing to close but its arguments. */
function isOpen({ type, isSaid, isClosed }: Part): boolean {
  return !isSaid || (type !== '' && !isClosed);
}

function emptyPart(type: string): Part {
  return { type, text: '', isSaid: false, isClosed: false };
}

/** An item with all that was written of it. */
function wholeOf({ added, parts }: Item, fields: JsonObject): JsonObject {
  const { id, type, call_id: callId, name } = added;
  const said = parts.map(partOf);
  switch (type) {
    case 'message':
      return { id, type, role: 'assistant', content: said, ...fields };
    case 'reasoning':
      return { id, type, summary: said, ...fields };
    default:
      return { id, type, call_id: callId, name, arguments: parts[0]?.text, ...fields };
  }
}

function partOf({ type, text }: Part): JsonObject {
  if (type === 'output_text') return { type, text, annotations: [], logprobs: [] };
  return { type, [type === 'refusal' ? 'refusal' : 'text']: text };
}
