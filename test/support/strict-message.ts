import { isJsonObject, type JsonObject } from '../../src/contract/json.js';
import {
  type BodyEnd,
  framesOf,
  jsonIn,
  NotWellFormed,
  type StrictStream,
} from './strict-stream.js';

/**
 * Reads a streamed Message of Anthropic's and takes nothing but what its protocol promises: events
 * named by a line of their own, `message_start` first, blocks one at a time and numbered without a
 * gap, then `message_delta` and `message_stop` and a clean end, or `error` and an unclean one.
 */
export function strictMessage(raw: string, end: BodyEnd): StrictStream {
  const events = framesOf(raw)
    .map((each) => eventIn(each, raw))
    .filter(({ type }) => type !== 'ping');
  const last = events.pop();
  if (last?.type === 'error') {
    if (end !== 'cut') throw new NotWellFormed('A clean end after an error', raw);
  } else if (last?.type !== 'message_stop') {
    throw new NotWellFormed('No terminal state', raw);
  } else if (end !== 'clean') throw new NotWellFormed('A cut after message_stop', raw);
  const rest = inOrder(events, last.type === 'error', raw);
  return {
    events: rest,
    terminal: last.type === 'error' ? 'failed' : 'done',
    last: last.type === 'error' ? last.data : undefined,
  };
}

/** The pieces of the message, and what said why it ended. */
function inOrder(
  events: readonly { type: string; data: JsonObject }[],
  isCut: boolean,
  raw: string,
): readonly { type: string; data: JsonObject }[] {
  let next = 0;
  let open: number | undefined;
  let isFinished = false;
  for (const [n, { type, data }] of events.entries()) {
    const wrong = () => new NotWellFormed(`An event ${type} out of its order`, raw);
    if ((type === 'message_start') !== (n === 0)) throw wrong();
    if (isFinished && type !== 'message_delta') throw wrong();
    switch (type) {
      case 'message_start':
        if (!isJsonObject(data['message'])) throw wrong();
        break;
      case 'content_block_start':
        if (open !== undefined || data['index'] !== next) throw wrong();
        open = next++;
        break;
      case 'content_block_delta':
        if (open === undefined || data['index'] !== open) throw wrong();
        break;
      case 'content_block_stop':
        if (open === undefined || data['index'] !== open) throw wrong();
        open = undefined;
        break;
      case 'message_delta':
        if (open !== undefined || !isJsonObject(data['usage'])) throw wrong();
        isFinished = true;
        break;
      default:
        throw wrong();
    }
  }
  if (!isCut && !isFinished) throw new NotWellFormed('No stop reason', raw);
  return events;
}

function eventIn(frame: string, raw: string): { type: string; data: JsonObject } {
  const [, type, data] = /^event: ([a-z_]+)\ndata: ([^\r\n]+)$/.exec(frame) ?? [];
  const json = data === undefined ? undefined : jsonIn(data, raw);
  if (type === undefined || json?.['type'] !== type) {
    throw new NotWellFormed(`A frame ${JSON.stringify(frame)}`, raw);
  }
  return { type, data: json };
}

/** The text of all deltas. */
export function textOfMessage({ events }: Pick<StrictStream, 'events'>): string {
  return deltasOf(events, 'text_delta')
    .map(({ text }) => String(text))
    .join('');
}

export function deltasOf(events: StrictStream['events'], type: string): readonly JsonObject[] {
  return events
    .map(({ data }) => data['delta'])
    .filter((delta): delta is JsonObject => isJsonObject(delta) && delta['type'] === type);
}
