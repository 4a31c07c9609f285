import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type { StreamPart } from '../../../contract/stream-event.js';
import { parsedJson } from '../../shared/answer/broken-json.js';
import { isDeep } from '../../shared/answer/json-depth.js';
import { argumentsTextOf } from '../../shared/answer/tool-arguments.js';
import {
  charsIn,
  isModelled,
  isPartType,
  itemTypeOf,
  type Meaning,
  MEANINGS,
  type PartType,
  textOfPart,
} from './item-parts.js';

/** What an item needs of its list. */
export interface ItemKeeper {
  nextCall(): number;
  /** @throws GatewayError `upstream_protocol` for more than is kept of one response */
  keep(chars: number): void;
}

/**
 * One item of a response's output. OpenAI says everything three times: in deltas, at the end of each
 * part and in the whole item. Others leave some of these out, so that each counts where it is the
 * first to say something.
 */
export class OutputItem {
  readonly type: string | undefined;
  readonly id: string | undefined;
  readonly callId: string | undefined;
  isDone = false;
  /** As its last event had it. */
  told: JsonObject | undefined;
  /** It says that it is not whole, or its arguments break off. */
  isCutOff = false;
  /** Its end says more than there was: a piece of it is lost. */
  isShort = false;
  /** Types of the parts that were begun, as strict clients want it. */
  readonly content: string[] = [];
  readonly summary: string[] = [];
  readonly #inDeltas = new Set<Meaning>();
  /** How much was said of it. */
  readonly #chars = new Map<Meaning, number>();
  readonly #asWhole = new Set<string>();
  /** Number of the tool call that it is, once its name was said. */
  #call: number | undefined;

  constructor(
    item: JsonObject,
    /** Its `output_index`. */
    readonly index: unknown,
    private readonly list: ItemKeeper,
  ) {
    this.type = stringOr(item['type'], undefined);
    this.id = stringOr(item['id'], undefined);
    this.callId = stringOr(item['call_id'], undefined);
  }

  /** A call whose name nobody said cannot be made. */
  get isNameless(): boolean {
    return this.type === 'function_call' && this.#call === undefined;
  }

  /** Only an event of its own dialect can show it. */
  get isOpaque(): boolean {
    return !isModelled(this.type);
  }

  /** What there is of it from the beginning: a call has its name. */
  begin(item: JsonObject): StreamPart[] {
    if (this.isOpaque) return this.#isFirst('opaque') ? [{ type: 'opaque' }] : [];
    const name = stringOr(item['name'], '');
    if (!this.isNameless || name === '') return [];
    this.#call = this.list.nextCall();
    const id = stringOr(item['call_id'], '') || stringOr(item['id'], '') || `call_${randomUUID()}`;
    return [{ type: 'tool-call-delta', index: this.#call, id, name, arguments: '' }];
  }

  delta(type: PartType, text: string): StreamPart[] {
    const meaning = MEANINGS[type];
    // Of a call without a name its end says all.
    if (text === '' || (meaning === 'arguments' && this.isNameless)) return [];
    this.#inDeltas.add(meaning);
    return [this.#part(meaning, text)];
  }

  /** One of its parts begins. */
  beginPart(parts: string[], type: string): void {
    this.list.keep(type.length);
    parts.push(type);
  }

  /** What was said as a whole, where it is news. @param at which of its parts it is */
  whole(type: PartType, at: number, text: string): StreamPart[] {
    const meaning = MEANINGS[type];
    if (text === '' || (meaning === 'arguments' && this.isNameless)) return [];
    if (this.#inDeltas.has(meaning)) {
      this.#compare(meaning, text.trim().length, text);
      return [];
    }
    return this.#isFirst(`${type} ${at}`) ? [this.#part(meaning, text)] : [];
  }

  /** What of the whole item is news, and what is known only then. */
  all(item: JsonObject): StreamPart[] {
    const parts = this.begin(item);
    if (this.isOpaque) return parts;
    if (item['status'] === 'incomplete') this.isCutOff = true;
    if (this.type === 'function_call') {
      const args = argumentsTextOf(item['arguments']);
      if (isBrokenOff(args)) this.isCutOff = true;
      return [...parts, ...this.whole('arguments', 0, args)];
    }
    parts.push(...this.#listed(item['summary']), ...this.#listed(item['content']));
    for (const meaning of ['text', 'refusal'] as const) {
      this.#compare(meaning, charsIn(item['content'], meaning));
    }
    if (this.type === 'reasoning') parts.push(...this.#sealed(item['encrypted_content']));
    return parts;
  }

  #listed(list: unknown): StreamPart[] {
    // Some servers have the text alone there.
    if (typeof list === 'string') {
      return this.whole(this.type === 'reasoning' ? 'reasoning_text' : 'output_text', 0, list);
    }
    if (!Array.isArray(list)) return [];
    return list.filter(isJsonObject).flatMap((part, at) => {
      const { type: given } = part;
      const type = given === 'text' ? 'output_text' : given;
      if (isPartType(type) && itemTypeOf(type) === this.type) {
        return this.whole(type, at, textOfPart(part));
      }
      return this.#isFirst(`opaque ${at}`) ? [{ type: 'opaque' }] : [];
    });
  }

  /** To be given back in the next turn: it is all that OpenAI knows of its thoughts then. */
  #sealed(data: unknown): StreamPart[] {
    if (typeof data !== 'string' || data === '' || !this.#isFirst('seal')) return [];
    return [{ type: 'reasoning-delta', text: '', signature: { provider: 'openai', data } }];
  }

  #part(meaning: Meaning, text: string): StreamPart {
    this.#chars.set(meaning, (this.#chars.get(meaning) ?? 0) + text.length);
    if (meaning !== 'arguments') return { type: `${meaning}-delta`, text };
    return { type: 'tool-call-delta', index: this.#call ?? 0, arguments: text };
  }

  /** With what was said of it by its end. */
  #compare(meaning: Meaning, chars: number, text = ''): void {
    const said = this.#chars.get(meaning) ?? 0;
    // What is thought may be said in two ways, a summary and the thoughts themselves.
    if (chars <= said || meaning === 'reasoning') return;
    if (meaning !== 'arguments' || leastCharsOf(text) > said) this.isShort = true;
  }

  #isFirst(what: string): boolean {
    if (this.#asWhole.has(what)) return false;
    this.list.keep(what.length);
    this.#asWhole.add(what);
    return true;
  }
}

/** Some servers write the JSON of arguments anew at their end, with spaces in it. */
function leastCharsOf(args: string): number {
  const json = isDeep(args) ? undefined : parsedJson(args);
  return json === undefined ? args.trim().length : JSON.stringify(json).length;
}

/** llama.cpp calls an answer complete that its limit ended within the arguments of a call. */
function isBrokenOff(args: string): boolean {
  return /^\s*\{/.test(args) && !isDeep(args) && parsedJson(args) === undefined;
}
