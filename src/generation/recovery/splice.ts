import { EventBatch } from '../../contract/event-batch.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { StreamEvent, StreamPart } from '../../contract/stream-event.js';
import type { NextBatch } from '../attempt/first-content.js';

/**
 * Reads an answer that was generated again for as long as it repeats what has been said.
 * @returns what goes on where `said` stops, once it has said all of it; nothing where it differs
 */
export async function spliceRegenerated(
  next: NextBatch,
  said: string,
): Promise<NextBatch | undefined> {
  const repetition = new Repetition(said);
  for (;;) {
    const { events } = await next();
    for (const [n, event] of events.entries()) {
      const verdict = repetition.read(event);
      if (verdict === 'differs') return undefined;
      if (verdict !== 'repeats') return afterSplice(next, [verdict.rest, ...events.slice(n + 1)]);
    }
  }
}

/** The events of an answer that was given the beginning: they go on behind it, without its `start`. */
export function spliceContinued(next: NextBatch): NextBatch {
  return afterSplice(next, []);
}

/** How far a second answer has said again what was said. */
class Repetition {
  #at = 0;

  constructor(private readonly said: string) {}

  /** @returns `rest`: what of the event is new, as the beginning of what follows */
  read(event: StreamEvent): 'repeats' | 'differs' | { readonly rest: StreamEvent } {
    const { parts } = event;
    for (const [n, part] of parts.entries()) {
      const isAllSaid = this.#at === this.said.length;
      if (part.type === 'start') continue;
      if (part.type === 'end' && !isAllSaid) return 'differs';
      if (isAllSaid) return { rest: n === 0 ? event : rebuilt(event, parts.slice(n)) };
      if (part.type !== 'text-delta') return 'differs';
      const known = this.said.slice(this.#at, this.#at + part.text.length);
      if (!part.text.startsWith(known)) return 'differs';
      this.#at += known.length;
      const text = part.text.slice(known.length);
      if (text !== '')
        return { rest: rebuilt(event, [{ type: 'text-delta', text }, ...parts.slice(n + 1)]) };
    }
    return 'repeats';
  }
}

/** What follows a splice, from `first` on, without the `start` of this answer. */
function afterSplice(next: NextBatch, first: readonly StreamEvent[]): NextBatch {
  let events = first;
  return async () => {
    for (;;) {
      const spliced = events.map(withoutStart).filter(isSomething);
      events = [];
      if (spliced.length > 0) return new EventBatch(spliced);
      ({ events } = await next());
    }
  };
}

function withoutStart(event: StreamEvent): StreamEvent {
  const isWhole = !event.parts.some(({ type }) => type === 'start');
  return isWhole
    ? event
    : rebuilt(
        event,
        event.parts.filter(({ type }) => type !== 'start'),
      );
}

/**
 * An event of which the caller gets only `parts` (it has the start of the answer, or a text that was
 * said before): it cannot be passed on as it is.
 * @throws GatewayError `upstream_protocol` for content that only the event itself can show
 */
function rebuilt({ native }: StreamEvent, parts: readonly StreamPart[]): StreamEvent {
  if (native && parts.some(({ type }) => type === 'opaque')) throw cannotBeSpliced();
  return { parts };
}

function isSomething({ parts, native }: StreamEvent): boolean {
  return parts.length > 0 || native !== undefined;
}

function cannotBeSpliced(): GatewayError {
  return new GatewayError(
    'upstream_protocol',
    'The answer went on with content that cannot be joined to its beginning.',
  );
}
