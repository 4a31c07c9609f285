import { randomUUID } from 'node:crypto';
import type { UpstreamNotices } from '../../../contract/chat-backend.js';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import type { NativeEvent, StreamEvent, StreamPart } from '../../../contract/stream-event.js';
import { refuseDeep } from '../../shared/answer/json-depth.js';
import type { StreamSource } from '../../shared/connection/stream-source.js';
import { saysError } from '../../shared/errors/upstream-error.js';
import { cutFault } from '../../shared/errors/upstream-fault.js';
import { endOf, failureOf } from './responses-end.js';
import { SaidItems } from './said-items.js';

/** Events that say nothing of the answer. */
const OPENING = new Set(['response.created', 'response.queued', 'response.in_progress']);

/** Reads events of a streamed Response; one mapper per stream. */
export class ResponsesEventMapper {
  /** The terminal event was seen: whatever follows is not part of the answer. */
  ended = false;
  readonly #items = new SaidItems();
  /** What opened the stream, held until it is known whether its events can be passed on. */
  #opening: NativeEvent[] = [];
  #response: JsonObject = {};
  #isStarted = false;
  /** Its events are such as strict clients take: they are passed on. */
  #isRegular = false;

  constructor(
    private readonly source: StreamSource,
    private readonly notices: UpstreamNotices,
  ) {}

  /**
   * @param name of the event, which some servers leave to its data
   * @throws GatewayError `upstream_cut`, `upstream_protocol`, and what an in-band error means
   */
  map(name: string | undefined, data: string): readonly StreamEvent[] {
    // Of Chat Completions, or of relays: without a terminal event it ends nothing.
    if (this.ended || data.startsWith('[DONE]')) return [];
    const event = this.#parse(data);
    if (!event) return [];
    const type = stringOr(event['type'], '') || (name ?? '');
    if (type === 'error' || (!type.startsWith('response.') && saysError(event))) {
      throw failureOf(event['error'] ?? event, this.source);
    }
    return this.#read(type, event, {
      dialect: 'responses',
      event,
      text: data,
      chars: data.length,
    });
  }

  #read(type: string, event: JsonObject, native: NativeEvent): readonly StreamEvent[] {
    const { response } = event;
    if (isJsonObject(response)) this.#response = response;
    if (OPENING.has(type)) {
      if (!this.#isStarted) this.#opening.push(native);
      return [];
    }
    switch (type) {
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        return this.#end(type, native);
      // We fill silence ourselves.
      case 'keepalive':
        return [];
      default:
        return this.#pass(this.#items.read(type, event), event, native);
    }
  }

  #pass(
    parts: readonly StreamPart[],
    event: JsonObject,
    native: NativeEvent,
  ): readonly StreamEvent[] {
    const begun = this.#isStarted ? [] : this.#begin(event);
    if (this.#isRegular) return [...begun, { parts, native }];
    return parts.length > 0 ? [...begun, { parts }] : begun;
  }

  /** With the first event of an item: now it is known what the stream is like. */
  #begin(first: JsonObject): readonly StreamEvent[] {
    this.#isStarted = true;
    const [created] = this.#opening;
    const said = created?.event['response'];
    this.#isRegular =
      created?.event['type'] === 'response.created' &&
      isJsonObject(said) &&
      typeof said['id'] === 'string' &&
      first['type'] === 'response.output_item.added' &&
      first['output_index'] === 0;
    const { backend, model, requestId } = this.source;
    const start: StreamPart = {
      type: 'start',
      id: stringOr(this.#response['id'], '') || `resp_${randomUUID()}`,
      model: stringOr(this.#response['model'], '') || model,
      backend,
      requestId,
    };
    const opening = this.#isRegular ? this.#opening : [];
    this.#opening = [];
    const [native, ...rest] = opening;
    return [
      native ? { parts: [start], native } : { parts: [start] },
      ...rest.map((each): StreamEvent => ({ parts: [], native: each })),
    ];
  }

  #end(type: string, native: NativeEvent): readonly StreamEvent[] {
    const response = this.#response;
    // A failure may have no status, and a cancelled one is none that is over.
    if (type === 'response.failed') throw failureOf(response['error'] ?? response, this.source);
    if (type === 'response.cancelled') throw cutFault(this.source.backend);
    // Some servers say here for the first time what they said.
    const left = this.#items.rest(response['output']);
    const status = type === 'response.incomplete' ? 'incomplete' : response['status'];
    const end = endOf({ ...response, status }, this.#items.hasCalls, this.source, this.notices);
    this.ended = true;
    const begun = this.#isStarted ? [] : this.#begin({});
    const parts: readonly StreamPart[] = [...left, { type: 'end', ...end }];
    return [...begun, this.#isRegular ? { parts, native } : { parts }];
  }

  #parse(data: string): JsonObject | undefined {
    const { backend } = this.source;
    refuseDeep(backend, data);
    try {
      const event: unknown = JSON.parse(data);
      if (Array.isArray(event) && saysError(event)) return { error: event };
      return isJsonObject(event) ? event : undefined;
    } catch (error) {
      // What begins like an event and cannot be read is a lost piece of the answer; the rest is noise.
      if (/^\s*[{[]/.test(data)) throw cutFault(backend, error);
      if (data.trim() !== '') this.notices.malformedEvent();
      return undefined;
    }
  }
}
