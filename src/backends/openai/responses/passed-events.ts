import { randomUUID } from 'node:crypto';
import { type JsonObject, stringOr } from '../../../contract/json.js';
import type {
  NativeEvent,
  StartPart,
  StreamEvent,
  StreamPart,
} from '../../../contract/stream-event.js';
import type { StreamSource } from '../../shared/connection/stream-source.js';
import { protocolFault } from '../../shared/errors/upstream-fault.js';
import type { OutputItems } from './output-items.js';

/** Of what comes before the first content; a real preamble has four events. */
const MAX_HELD_CHARS = 256 * 1024;

/** About as much as an event takes that was made here. */
const MADE_CHARS = 64 * 1024;

/**
 * Events as they came, with what they mean; in their parts alone where clients would fail at them. What
 * comes before the first content waits for it: until then it is not known which of the two it will be,
 * and what was begun as it came cannot go on otherwise.
 */
export class PassedEvents {
  #start: StartPart | undefined;
  /** There was content. */
  #isAnswering = false;
  /** What came before it. */
  readonly #held: StreamEvent[] = [];
  #heldChars = 0;

  constructor(
    private readonly source: StreamSource,
    private readonly items: OutputItems,
  ) {}

  /** Of the response, where its beginning came. */
  get id(): string | undefined {
    return this.#start?.id;
  }

  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** @throws GatewayError `upstream_protocol` for a second beginning */
  begin(response: JsonObject): void {
    if (this.#start) throw protocolFault(this.source.backend, 'began its answer twice');
    this.#start = this.#startOf(response);
  }

  /**
   * @param text absent: the event was made here
   * @throws GatewayError `upstream_protocol` for what only an event can show that clients fail at
   */
  pass(
    parts: readonly StreamPart[],
    event: JsonObject,
    text: string | undefined,
  ): readonly StreamEvent[] {
    const { items } = this;
    if (!this.#start) items.areRegular = false;
    const chars = text?.length ?? MADE_CHARS;
    const native = { dialect: 'responses', event, text, chars } as const;
    if (!this.#isAnswering) {
      return parts.length > 0 ? this.#answer(parts, native) : this.#hold({ parts, native }, chars);
    }
    if (items.areRegular) return [{ parts, native }];
    this.#refuseOpaque(parts);
    return parts.length > 0 ? [{ parts }] : [];
  }

  #hold(event: StreamEvent, chars: number): readonly StreamEvent[] {
    this.#heldChars += chars;
    if (this.#heldChars > MAX_HELD_CHARS) this.items.areRegular = false;
    if (this.items.areRegular) this.#held.push(event);
    else this.#held.length = 0;
    return [];
  }

  /** The first content, and all that came before. */
  #answer(parts: readonly StreamPart[], native: NativeEvent): readonly StreamEvent[] {
    this.#isAnswering = true;
    const start = this.#start ?? this.#startOf({});
    if (!this.items.areRegular) {
      this.#refuseOpaque(parts);
      return [{ parts: [start, ...parts] }];
    }
    const [first, ...others] = this.#held.splice(0);
    const last = { parts, native };
    if (!first) return [{ ...last, parts: [start, ...parts] }];
    return [{ ...first, parts: [start] }, ...others, last];
  }

  #refuseOpaque(parts: readonly StreamPart[]): void {
    if (!parts.some(({ type }) => type === 'opaque')) return;
    const { backend } = this.source;
    throw protocolFault(backend, 'sent what only its own events can show, and broken events');
  }

  #startOf(response: JsonObject): StartPart {
    const { backend, model, requestId } = this.source;
    return {
      type: 'start',
      id: stringOr(response['id'], '') || `resp_${randomUUID().replaceAll('-', '')}`,
      model: stringOr(response['model'], '') || model,
      backend,
      requestId,
    };
  }
}
