import { EventBatch } from '../../contract/event-batch.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { StreamEvent, StreamPart } from '../../contract/stream-event.js';

/** What a second answer makes of a first one that broke off after `said`. */
export type Splice =
  | { readonly fits: false }
  /** `batches` go on where `said` stops. */
  | { readonly fits: true; readonly batches: AsyncIterable<EventBatch> };

/**
 * Reads an answer that was generated again for as long as it repeats what has been said.
 * It fits once it has said all of it; at the first difference it does not.
 */
export async function spliceRegenerated(
  batches: AsyncIterator<EventBatch>,
  said: string,
): Promise<Splice> {
  const repetition = new Repetition(said);
  for (;;) {
    const { done, value: batch } = await batches.next();
    if (done) return { fits: false };
    for (const [n, event] of batch.events.entries()) {
      const verdict = repetition.read(event);
      if (verdict === 'differs') return { fits: false };
      if (verdict === 'repeats') continue;
      const first = [verdict.rest, ...batch.events.slice(n + 1)];
      return { fits: true, batches: afterSplice(batches, first) };
    }
  }
}

/** The events of an answer that was given the beginning: they go on behind it, without its `start`. */
export function spliceContinued(batches: AsyncIterator<EventBatch>): AsyncIterable<EventBatch> {
  return afterSplice(batches, []);
}

/** How far a second answer has said again what was said. */
class Repetition {
  #at = 0;

  constructor(private readonly said: string) {}

  /** @returns `rest`: what of the event is new, as the beginning of what follows */
  read({ parts, native }: StreamEvent): 'repeats' | 'differs' | { readonly rest: StreamEvent } {
    for (const [n, part] of parts.entries()) {
      const isAllSaid = this.#at === this.said.length;
      if (part.type === 'start') continue;
      if (part.type === 'end' && !isAllSaid) return 'differs';
      if (isAllSaid) return { rest: n === 0 ? { parts, native } : rebuilt(parts.slice(n)) };
      if (part.type !== 'text-delta') return 'differs';
      const known = this.said.slice(this.#at, this.#at + part.text.length);
      if (!part.text.startsWith(known)) return 'differs';
      this.#at += known.length;
      const text = part.text.slice(known.length);
      if (text !== '')
        return { rest: rebuilt([{ type: 'text-delta', text }, ...parts.slice(n + 1)]) };
    }
    return 'repeats';
  }
}

/** What follows a splice, from `first` on, without the `start` of this answer. */
async function* afterSplice(
  batches: AsyncIterator<EventBatch>,
  first: readonly StreamEvent[],
): AsyncGenerator<EventBatch> {
  let events = first;
  for (;;) {
    const spliced = events.map(withoutStart).filter(isSomething);
    if (spliced.length > 0) {
      const batch = new EventBatch(spliced);
      yield batch;
      if (batch.end) return;
    }
    const { done, value } = await batches.next();
    if (done) return;
    events = value.events;
  }
}

function withoutStart(event: StreamEvent): StreamEvent {
  const isWhole = !event.parts.some(({ type }) => type === 'start');
  return isWhole ? event : rebuilt(event.parts.filter(({ type }) => type !== 'start'));
}

/**
 * An event of which the caller gets only `parts` (it has the start of the answer, or a text that was
 * said before): it cannot be passed on as it is.
 * @throws GatewayError `upstream_protocol` for content that only the event itself can show
 */
function rebuilt(parts: readonly StreamPart[]): StreamEvent {
  if (parts.some(({ type }) => type === 'opaque')) throw cannotBeSpliced();
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
