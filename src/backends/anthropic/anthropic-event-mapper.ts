import { randomUUID } from 'node:crypto';
import type { UpstreamNotices } from '../../contract/chat-backend.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import { isJsonObject, type JsonObject, stringOr } from '../../contract/json.js';
import type { NativeEvent, StreamEvent, StreamPart } from '../../contract/stream-event.js';
import { isEventName } from '../shared/answer/event-name.js';
import { failedFinish } from '../shared/answer/finish-reason.js';
import { parseEvent } from '../shared/answer/parse-event.js';
import type { StreamSource } from '../shared/connection/stream-source.js';
import { parseErrorField, saysError } from '../shared/errors/upstream-error.js';
import { cutFault, protocolFault, upstreamErrorFault } from '../shared/errors/upstream-fault.js';
import { parseStopReason } from './anthropic-stop.js';
import { AnthropicUsage } from './anthropic-usage.js';
import { OpenBlocks } from './open-blocks.js';
import { isRegularFinish, isRegularStart } from './regular-events.js';

/** Reads events of a streamed Message; one mapper per stream. */
export class AnthropicEventMapper {
  /** The upstream gave the answer up; what it said before is given first. */
  failure: GatewayError | undefined;
  /** `message_stop` was seen: whatever follows is not part of the answer. */
  ended = false;
  readonly #blocks = new OpenBlocks();
  readonly #usage: AnthropicUsage;
  #isStarted = false;
  #word: string | undefined;
  /** No content came behind the stop reason. */
  #stands = false;

  constructor(
    private readonly source: StreamSource,
    private readonly notices: UpstreamNotices,
  ) {
    this.#usage = new AnthropicUsage(notices);
  }

  /** Whatever comes now, the answer is whole: the end of the body, silence, a reset. */
  get isWhole(): boolean {
    return this.#stands;
  }

  end(): StreamEvent {
    const { backend } = this.source;
    const word = this.#word ?? 'end_turn';
    const stop = parseStopReason(word, this.#blocks.hasCalls, backend, this.notices);
    return { parts: [...this.#blocks.rest(), { type: 'end', ...stop, usage: this.#usage.total }] };
  }

  /**
   * @throws GatewayError `upstream_cut` for an end without a stop reason, `upstream_protocol`, and what
   *   an in-band error means
   */
  map(data: string): readonly StreamEvent[] {
    if (this.ended || this.failure) return [];
    // OpenAI's last word, which relays say in any protocol.
    if (data.startsWith('[DONE]')) return this.#word === undefined ? [] : this.#end(undefined);
    const event = parseEvent(data, this.source, this.notices, this.isWhole);
    if (!event) return [];
    if (event['type'] === 'error' || saysError(event)) return this.fail(event);
    return this.#read(event, data);
  }

  /** What an upstream says is an error. @throws GatewayError what it means */
  fail(said: unknown): readonly StreamEvent[] {
    if (this.isWhole) return [];
    const { backend, secrets, requestId } = this.source;
    throw upstreamErrorFault(backend, { ...parseErrorField(said, secrets), requestId });
  }

  #read(event: JsonObject, data: string): readonly StreamEvent[] {
    const native: NativeEvent = {
      dialect: 'messages',
      event,
      text: data,
      chars: data.length,
    };
    switch (event['type']) {
      case 'message_start':
        return this.#start(event, native);
      case 'content_block_start':
        return this.#content(this.#blocks.start(event), native);
      case 'content_block_delta': {
        const { index, delta } = event;
        return isJsonObject(delta) ? this.#content(this.#blocks.delta(index, delta), native) : [];
      }
      case 'content_block_stop':
        return this.#content(this.#blocks.stop(event), native);
      case 'message_delta':
        this.#usage.add(event['usage']);
        this.#finish(event['delta']);
        if (!isRegularFinish(event)) this.#blocks.areRegular = false;
        return this.#blocks.areRegular ? [{ parts: [], native }] : [];
      case 'message_stop':
        if (this.#word === undefined) throw cutFault(this.source.backend);
        return this.#end(native);
      // We fill silence ourselves.
      case 'ping':
        return [];
      default:
        if (!isEventName(event['type'])) {
          this.notices.malformedEvent();
          return [];
        }
        return this.#isStarted && this.#blocks.areRegular ? [{ parts: [], native }] : [];
    }
  }

  #start({ message }: JsonObject, native: NativeEvent): readonly StreamEvent[] {
    if (this.#isStarted) throw protocolFault(this.source.backend, 'began its answer twice');
    const said = isJsonObject(message) ? message : {};
    this.#usage.addAtStart(said['usage']);
    const start = this.#startPart(said);
    if (isRegularStart(message)) return [{ parts: [start], native }];
    this.#blocks.areRegular = false;
    return [{ parts: [start] }];
  }

  #content(parts: readonly StreamPart[], native: NativeEvent): readonly StreamEvent[] {
    const all = this.#isStarted ? parts : [this.#lateStart(), ...parts];
    const isCall = parts.some(({ type }) => type === 'tool-call-delta');
    if (isCall && !this.#blocks.hasCalls) {
      throw protocolFault(this.source.backend, 'sent arguments of a tool that it does not call');
    }
    // A reason that content follows was not the last word.
    if (parts.length > 0) this.#stands = false;
    if (!this.#blocks.areRegular) return all.length > 0 ? [{ parts: all }] : [];
    return [{ parts: all, native }];
  }

  /** Clients take a `message_start` for granted: without, nothing is passed on as it came. */
  #lateStart(): StreamPart {
    this.#blocks.areRegular = false;
    return this.#startPart({});
  }

  #startPart(message: JsonObject): StreamPart {
    this.#isStarted = true;
    const { backend, model, requestId } = this.source;
    return {
      type: 'start',
      id: stringOr(message['id'], '') || `msg_${randomUUID()}`,
      model: stringOr(message['model'], '') || model,
      backend,
      requestId,
    };
  }

  #finish(delta: unknown): void {
    const word = isJsonObject(delta) ? delta['stop_reason'] : undefined;
    if (typeof word !== 'string' || word === '') return;
    this.failure = failedFinish(word, this.source.backend);
    this.#word = word;
    this.#stands = this.failure === undefined;
  }

  #end(native: NativeEvent | undefined): readonly StreamEvent[] {
    this.ended = true;
    const { parts } = this.end();
    const all = this.#isStarted ? parts : [this.#lateStart(), ...parts];
    return [this.#blocks.areRegular && native ? { parts: all, native } : { parts: all }];
  }
}
