import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type { StreamPart } from '../../../contract/stream-event.js';
import { parsedJson } from '../../shared/answer/broken-json.js';
import { textIn } from '../../shared/answer/content-parts.js';
import { isDeep } from '../../shared/answer/json-depth.js';
import { argumentsTextOf } from '../../shared/answer/tool-arguments.js';

/** What content means, whatever its part is called, and in which kind of item it stands. */
const ITEM_TYPES = {
  text: 'message',
  refusal: 'message',
  reasoning: 'reasoning',
  arguments: 'function_call',
} as const;
type Meaning = keyof typeof ITEM_TYPES;

const MODELLED = new Set<unknown>(Object.values(ITEM_TYPES));

/** The parts that items are made of, by their types; a call has one. */
const MEANINGS = {
  output_text: 'text',
  refusal: 'refusal',
  reasoning_text: 'reasoning',
  summary_text: 'reasoning',
  arguments: 'arguments',
} as const;
export type PartType = keyof typeof MEANINGS;

export function isPartType(type: unknown): type is PartType {
  return typeof type === 'string' && Object.hasOwn(MEANINGS, type);
}

/** In which kind of item such a part is. */
export function itemTypeOf(type: PartType): string {
  return ITEM_TYPES[MEANINGS[type]];
}

/**
 * One item of a response's output. OpenAI says everything three times: in deltas, at the end of each
 * part and in the whole item. Others leave some of these out, so that each counts where it is the
 * first to say something.
 */
export class OutputItem {
  readonly type: unknown;
  readonly id: unknown;
  readonly callId: unknown;
  isDone = false;
  /** As its last event had it. */
  told: JsonObject | undefined;
  /** It says that it is not whole, or its arguments break off. */
  isCutOff = false;
  /** Types of the parts that were begun, as strict clients want it. */
  readonly content: string[] = [];
  readonly summary: string[] = [];
  readonly #inDeltas = new Set<Meaning>();
  readonly #asWhole = new Set<string>();
  /** Number of the tool call that it is, once its name was said. */
  #call: number | undefined;

  constructor(
    item: JsonObject,
    /** Its `output_index`. */
    readonly index: unknown,
    private readonly nextCall: () => number,
  ) {
    this.type = item['type'];
    this.id = item['id'];
    this.callId = item['call_id'];
  }

  /** A call whose name nobody said cannot be made. */
  get isNameless(): boolean {
    return this.type === 'function_call' && this.#call === undefined;
  }

  /** Only an event of its own dialect can show it. */
  get isOpaque(): boolean {
    return !MODELLED.has(this.type);
  }

  /** What there is of it from the beginning: a call has its name. */
  begin(item: JsonObject): StreamPart[] {
    if (this.isOpaque) return this.#isFirst('opaque') ? [{ type: 'opaque' }] : [];
    const name = stringOr(item['name'], '');
    if (!this.isNameless || name === '') return [];
    this.#call = this.nextCall();
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

  /** What was said as a whole, where it is news. @param at which of its parts it is */
  whole(type: PartType, at: number, text: string): StreamPart[] {
    const meaning = MEANINGS[type];
    if (text === '' || this.#inDeltas.has(meaning)) return [];
    if (meaning === 'arguments' && this.isNameless) return [];
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
    if (meaning !== 'arguments') return { type: `${meaning}-delta`, text };
    return { type: 'tool-call-delta', index: this.#call ?? 0, arguments: text };
  }

  #isFirst(what: string): boolean {
    if (this.#asWhole.has(what)) return false;
    this.#asWhole.add(what);
    return true;
  }
}

function textOfPart(part: JsonObject): string {
  return textIn(part['text'] ?? part['refusal']);
}

/** llama.cpp calls an answer complete that its limit ended within the arguments of a call. */
function isBrokenOff(args: string): boolean {
  return /^\s*\{/.test(args) && !isDeep(args) && parsedJson(args) === undefined;
}
