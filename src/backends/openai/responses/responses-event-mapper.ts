import type { UpstreamNotices } from '../../../contract/chat-backend.js';
import { type JsonObject, objectIn, stringOr } from '../../../contract/json.js';
import type { StreamEvent, StreamPart } from '../../../contract/stream-event.js';
import { isEventName } from '../../shared/answer/event-name.js';
import { parseEvent } from '../../shared/answer/parse-event.js';
import type { StreamSource } from '../../shared/connection/stream-source.js';
import { parseErrorField, saysError } from '../../shared/errors/upstream-error.js';
import { cutFault, protocolFault, upstreamErrorFault } from '../../shared/errors/upstream-fault.js';
import { mendedEnd } from './mended-end.js';
import { OutputItems } from './output-items.js';
import { PassedEvents } from './passed-events.js';
import { DELTAS, ENDS, FOREIGN, isRegularStart, WHOLES } from './regular-events.js';
import { finishReasonOf, parseResponseEnd } from './responses-end.js';
import { parseResponsesUsage } from './responses-usage.js';

/** Of what OpenAI repeats of the request when it begins: more would not fit before the first content. */
const MAX_ECHO_CHARS = 64 * 1024;

/** Reads events of a streamed response; one mapper per stream. */
export class ResponsesEventMapper {
  /** The last event was seen: whatever follows is not part of the answer. */
  ended = false;
  readonly #items: OutputItems;
  readonly #passed: PassedEvents;

  constructor(
    private readonly source: StreamSource,
    private readonly notices: UpstreamNotices,
  ) {
    this.#items = new OutputItems(source.backend);
    this.#passed = new PassedEvents(source, this.#items);
  }

  /**
   * @param name of the event, where it has a line of its own
   * @throws GatewayError `upstream_cut` for an end that nobody said, `upstream_protocol`, and what a
   *   failure means
   */
  map(data: string, name?: string): readonly StreamEvent[] {
    if (this.ended) return [];
    // OpenAI ends without it; compatible servers say it, and it is no word of how the answer ended.
    if (data.startsWith('[DONE]')) throw cutFault(this.source.backend);
    const event = parseEvent(data, this.source, this.notices, false);
    if (!event) return [];
    const type = stringOr(event['type'], name ?? '');
    if (isFailure(type, event)) return this.fail(event);
    // `keepalive`, and what is not of this API: we fill silence ourselves.
    if (!type.startsWith('response.')) return [];
    if (event['type'] !== type || FOREIGN.has(type)) this.#items.areRegular = false;
    return this.#read(type, event, data);
  }

  /** What an upstream says is an error. @throws GatewayError what it means */
  fail(said: unknown): readonly StreamEvent[] {
    if (this.ended) return [];
    const { backend, secrets, requestId } = this.source;
    throw upstreamErrorFault(backend, { ...parseErrorField(said, secrets), requestId });
  }

  #read(type: string, event: JsonObject, data: string): readonly StreamEvent[] {
    const items = this.#items;
    // Nearly every event of nearly every stream.
    const delta = DELTAS.get(type);
    if (delta !== undefined) return this.#passed.pass(items.delta(event, delta), event, data);
    const whole = WHOLES.get(type);
    if (whole !== undefined) {
      return this.#again(() => items.whole(event, whole.part, event[whole.field]), event, data);
    }
    if (ENDS.has(type)) return this.#end(type, event, data);
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return this.#begun(type, event, data);
      case 'response.output_item.added':
        return this.#passed.pass(items.added(event), event, data);
      case 'response.output_item.done':
        return this.#passed.pass(items.done(event, data.length), event, data);
      case 'response.content_part.added':
      case 'response.reasoning_summary_part.added':
        items.partAdded(event);
        return this.#passed.pass([], event, data);
      case 'response.content_part.done':
      case 'response.reasoning_summary_part.done':
        return this.#again(() => items.partDone(event), event, data);
      default:
        if (!isEventName(type)) {
          this.notices.malformedEvent();
          return [];
        }
        return this.#again(() => items.other(event), event, data);
    }
  }

  /** What says nothing new is left out where clients would fail at it: the rest goes on as it came. */
  #again(
    read: () => readonly StreamPart[],
    event: JsonObject,
    data: string,
  ): readonly StreamEvent[] {
    const { areRegular } = this.#items;
    const parts = read();
    if (parts.length > 0 || !areRegular || this.#items.areRegular || !this.#passed.isAnswering) {
      return this.#passed.pass(parts, event, data);
    }
    this.#items.areRegular = true;
    return [];
  }

  /** What OpenAI says before it begins to answer, with what it repeats of the request. */
  #begun(type: string, event: JsonObject, data: string): readonly StreamEvent[] {
    const response = objectIn(event, 'response');
    if (type === 'response.created') this.#passed.begin(response);
    const isRegular = isRegularStart(response) && response['id'] === this.#passed.id;
    if (!isRegular) this.#items.areRegular = false;
    if (data.length <= MAX_ECHO_CHARS) return this.#passed.pass([], event, data);
    const short = { ...event, response: { ...response, instructions: null, tools: [] } };
    return this.#passed.pass([], short, undefined);
  }

  #end(type: string, event: JsonObject, data: string): readonly StreamEvent[] {
    const response = objectIn(event, 'response');
    const word = type.slice('response.'.length);
    const said = parseResponseEnd([word, response['status']], response, this.source, this.notices);
    const items = this.#items;
    const parts = items.rest(response['output']);
    if (items.areNameless) {
      throw protocolFault(this.source.backend, 'sent arguments of a tool that it does not call');
    }
    if (items.areShort) throw cutFault(this.source.backend);
    const { usage, isPlausible } = parseResponsesUsage(response['usage'], this.notices);
    const reason = finishReasonOf(said, items);
    this.ended = true;
    const end: StreamPart = { type: 'end', reason, rawReason: said.rawReason, usage };
    const mended = mendedEnd(type, response, reason, {
      id: this.#passed.id,
      output: items.output,
      rawReason: said.rawReason,
      isMiscounted: !isPlausible,
    });
    const last = mended ? { ...event, ...mended } : event;
    const closing = items.closing.flatMap((done) => this.#passed.pass([], done, undefined));
    return [...closing, ...this.#passed.pass([...parts, end], last, mended ? undefined : data)];
  }
}

function isFailure(type: string, event: JsonObject): boolean {
  if (type === 'error' || type === 'response.error') return true;
  return !type.startsWith('response.') && saysError(event);
}
