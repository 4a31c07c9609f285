import { isJsonObject, type JsonObject, numberOr, stringOr } from '../../../contract/json.js';
import type { StreamPart } from '../../../contract/stream-event.js';
import { textIn } from '../../shared/answer/content-parts.js';
import { argumentsTextOf } from '../../shared/answer/tool-arguments.js';
import { isPartType, itemTypeOf, type PartType } from './item-parts.js';
import type { OutputItem } from './output-item.js';
import { OutputList } from './output-list.js';
import { areSaidAgain, missingEnds } from './said-again.js';
import { isOpaqueContent, isRegularBegin, isRegularItem } from './regular-events.js';

/**
 * The items of one response's output, and what events say of them. All of its methods throw
 * `upstream_protocol` for more items than are kept.
 */
export class OutputItems {
  /** All that came so far came as clients expect it: the events may be passed on as they are. */
  areRegular = true;
  /** The output as its items said it, where the response did not say it again. */
  output: readonly JsonObject[] | undefined;
  /** The ends of items that had none. */
  readonly closing: JsonObject[] = [];
  readonly #list: OutputList;
  #toldChars = 0;

  constructor(backend: string) {
    this.#list = new OutputList(backend);
  }

  get hasCalls(): boolean {
    return this.#list.calls > 0;
  }

  get areCutOff(): boolean {
    return this.#list.all.some(({ isCutOff }) => isCutOff);
  }

  /** There is one of which a piece is lost. */
  get areShort(): boolean {
    return this.#list.all.some(({ isShort }) => isShort);
  }

  /** There is a call that nobody named. */
  get areNameless(): boolean {
    return this.#list.all.some(({ isNameless }) => isNameless);
  }

  /** `response.output_item.added` */
  added({ output_index: index, item: given }: JsonObject): StreamPart[] {
    const item = isJsonObject(given) ? given : {};
    const isKnown = this.#list.all.some(({ id }) => id !== undefined && id === item['id']);
    if (index !== this.#list.all.length || isKnown || !isRegularBegin(item))
      this.areRegular = false;
    return this.#list.add(item, index).begin(item);
  }

  /**
   * `response.output_item.done`
   * @param chars about as much as the item takes
   */
  done({ output_index: index, item: given }: JsonObject, chars: number): StreamPart[] {
    const item = isJsonObject(given) ? given : {};
    const { type, id, call_id: callId } = item;
    const known = this.#list.find(index, id, type);
    const isRegular =
      known?.isDone === false &&
      known === this.#list.exact(index, id, type) &&
      (type !== 'function_call' || known.callId === callId) &&
      isRegularItem(item);
    if (!isRegular) this.areRegular = false;
    const open = known ?? this.#list.add(item, index);
    open.isDone = true;
    this.#toldChars += chars;
    if (this.#toldChars <= MAX_TOLD_CHARS) open.told = item;
    return this.#asNews(open.all(item));
  }

  /** The beginning of one of an item's parts. */
  partAdded({ part, output_index: index, item_id: id, ...event }: JsonObject): void {
    const type = isJsonObject(part) ? part['type'] : undefined;
    const open = this.#list.exact(index, id);
    const isSummary = event['summary_index'] !== undefined;
    const parts = isSummary ? open?.summary : open?.content;
    const isRegular =
      open?.isDone === false &&
      parts !== undefined &&
      typeof type === 'string' &&
      placeOf(event) === parts.length;
    if (isRegular) open.beginPart(parts, type);
    else this.areRegular = false;
  }

  /** The end of one of an item's parts, with all of it. */
  partDone(event: JsonObject): StreamPart[] {
    const { part } = event;
    if (isJsonObject(part) && isPartType(part['type'])) {
      return this.whole(event, part['type'], part['text'] ?? part['refusal']);
    }
    // Of audio, say.
    if (isJsonObject(part)) return this.other(event);
    this.areRegular = false;
    return [];
  }

  delta(event: JsonObject, type: PartType): StreamPart[] {
    const { delta } = event;
    if (typeof delta !== 'string' || !this.#isInOrder(event, type)) this.areRegular = false;
    const text = type === 'arguments' ? argumentsTextOf(delta) : textIn(delta);
    return this.#of(event, type).delta(type, text);
  }

  /** What some end says as a whole. */
  whole(event: JsonObject, type: PartType, given: unknown): StreamPart[] {
    if (typeof given !== 'string' || !this.#isInOrder(event, type)) this.areRegular = false;
    const text = type === 'arguments' ? argumentsTextOf(given) : textIn(given);
    if (text === '') return [];
    const at = placeOf(event) ?? 0;
    return this.#asNews(this.#of(event, type).whole(type, at, text));
  }

  /** An event of a hosted tool, or an annotation: mostly about an item. */
  other({ type, output_index: index, item_id: id, content_index: at }: JsonObject): StreamPart[] {
    const name = stringOr(type, '');
    const parts: StreamPart[] = isOpaqueContent(name) ? [{ type: 'opaque' }] : [];
    if (index === undefined && id === undefined && !ABOUT_ITEMS.test(name)) return parts;
    const isNameless = id === undefined && name.startsWith(NAMELESS);
    const open = this.#list.all.find(
      (item) => item.index === index && (isNameless || item.id === id),
    );
    const isInText = type !== ANNOTATION || open?.content[numberOr(at, -1)] === 'output_text';
    if (!open || open.isDone || !isInText) this.areRegular = false;
    return parts;
  }

  /** What the response itself has that no event said. */
  rest(output: unknown): StreamPart[] {
    const given: readonly unknown[] = Array.isArray(output) ? output : [];
    const items = given.filter(isJsonObject);
    this.#list.boundAgain(items);
    const told = this.#list.all.map(({ told: item }) => item);
    const isList = Array.isArray(output) && items.length === given.length;
    const { all } = this.#list;
    if (isList && areSaidAgain(all, items)) this.closing.push(...missingEnds(all, items));
    else if (told.every((item) => item !== undefined)) this.output = told;
    else this.areRegular = false;
    return this.#asNews(items.flatMap((item, n) => this.#restOf(item, n)));
  }

  #restOf(item: JsonObject, n: number): StreamPart[] {
    const { type, id } = item;
    const known =
      this.#list.exact(n, id, type) ??
      (id === undefined ? undefined : this.#list.all.find((each) => each.id === id));
    if (known) return known.all(item);
    // Under a name that it did not have in the events: what was said must not be said twice.
    if (this.#list.all.some((each) => each.type === type && each.index !== REST)) return [];
    return this.#list.add(item, REST).all(item);
  }

  /** What clients heard in no delta has to be told them in one. */
  #asNews(parts: StreamPart[]): StreamPart[] {
    if (parts.some((part) => !isSeal(part) && part.type !== 'opaque')) this.areRegular = false;
    return parts;
  }

  /** The item that an event is about; one of its own where there is none. */
  #of({ output_index: index, item_id: id }: JsonObject, partType: PartType): OutputItem {
    const type = itemTypeOf(partType);
    const known = this.#list.find(index, id, type);
    if (known) return known;
    this.areRegular = false;
    return this.#list.add({ type, id }, index);
  }

  /** Whether it is about a part that was begun. */
  #isInOrder(event: JsonObject, type: PartType): boolean {
    const open = this.#list.exact(event['output_index'], event['item_id'], itemTypeOf(type));
    if (open?.isDone !== false) return false;
    if (type === 'arguments') return true;
    return type === 'summary_text'
      ? open.summary[numberOr(event['summary_index'], -1)] === type
      : open.content[numberOr(event['content_index'], -1)] === type;
  }
}

/** Events that clients look up an item for. */
const ABOUT_ITEMS = /_call[._]|\.annotation\./;

/** OpenAI's own have no id. */
const NAMELESS = 'response.shell_call_';

const ANNOTATION = 'response.output_text.annotation.added';

/** Of items that are kept for a response without them (`"output":[]`). */
const MAX_TOLD_CHARS = 256 * 1024;

/** In place of the index of an item that no event was about. */
const REST = Symbol('rest');

/** Which of its item's parts an event is about; nothing where it does not say. */
function placeOf(event: JsonObject): number | undefined {
  return numberOr(event['content_index'] ?? event['summary_index'], undefined);
}

function isSeal(part: StreamPart): boolean {
  return part.type === 'reasoning-delta' && part.signature !== undefined;
}
