import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../../src/contract/json.js';
import { ResponseItems } from './strict-response-items.js';
import {
  type BodyEnd,
  framesOf,
  jsonIn,
  NotWellFormed,
  type StrictStream,
} from './strict-stream.js';

interface Event {
  readonly type: string;
  readonly data: JsonObject;
}

const COMMENT = ': keepalive';

/** How a Response may end, and the status that it has then. */
const TERMINAL: Readonly<Record<string, string>> = {
  'response.completed': 'completed',
  'response.incomplete': 'incomplete',
  'response.failed': 'failed',
};

/**
 * Reads a streamed Response and takes nothing but what its protocol promises: events named by a line
 * of their own and numbered without a gap, `response.created` and `response.in_progress` first,
 * items as `ResponseItems` has them, then one Response with all of them and a clean end; or `error`,
 * `response.failed` with what there was, and an unclean end.
 * @param isPassedOn the events are an upstream's own: nothing of them is kept, to be said when it fails
 */
export function strictResponse(raw: string, end: BodyEnd, isPassedOn = false): StrictStream {
  const all = framesOf(raw)
    .filter((frame) => frame !== COMMENT)
    .map((frame, number) => eventIn(frame, number, raw));
  const wrong = (what: string) => new NotWellFormed(what, raw);
  const opening = all.splice(0, 2);
  if (opening[0]?.type !== 'response.created' || opening[1]?.type !== 'response.in_progress') {
    throw wrong('No beginning');
  }
  const last = all.pop();
  const status = TERMINAL[last?.type ?? ''];
  if (!last || status === undefined) throw wrong('No terminal state');
  const failure = status === 'failed' ? all.pop() : undefined;
  if (status === 'failed' && !isError(failure)) throw wrong('No error before response.failed');
  if (end !== (failure ? 'cut' : 'clean')) throw wrong(`The end is ${end} after ${last.type}`);

  const events = all.filter(({ type }) => type !== 'keepalive');
  const items = new ResponseItems(wrong);
  for (const { type, data } of events) items.take(type, data);
  const responses = [...opening, last].map(({ data }) => responseIn(data, wrong));
  for (const begun of responses.slice(0, 2)) {
    if (begun['status'] !== 'in_progress' || !isDeepStrictEqual(begun['output'], [])) {
      throw wrong('A beginning that is none');
    }
  }
  if (new Set(responses.map(({ id }) => id)).size > 1) throw wrong('Another id');
  const whole = responses[2]!;
  if (whole['status'] !== status) throw wrong(`A status ${String(whole['status'])}`);
  const unfinished = () => (isPassedOn ? [] : items.unfinished());
  const expected = failure ? unfinished() : items.finished(status);
  if (!isDeepStrictEqual(whole['output'], expected)) throw wrong('Another output at the end');
  checkEnd(whole, status, wrong);
  return {
    events: [...opening, ...events],
    terminal: failure ? 'failed' : 'done',
    last: (failure ?? last).data,
  };
}

/** The text of all deltas. */
export function textOfResponse({ events }: Pick<StrictStream, 'events'>): string {
  return events
    .map(({ type, data }) => (type === 'response.output_text.delta' ? String(data['delta']) : ''))
    .join('');
}

function eventIn(frame: string, number: number, raw: string): Event {
  const [, type, text] = /^event: ([a-z_.]+)\ndata: ([^\r\n]+)$/.exec(frame) ?? [];
  const data = text === undefined ? undefined : jsonIn(text, raw);
  if (type === undefined || data?.['type'] !== type) {
    throw new NotWellFormed(`A frame ${JSON.stringify(frame)}`, raw);
  }
  if (data['sequence_number'] !== number) throw new NotWellFormed(`No event ${number}`, raw);
  return { type, data };
}

/** As OpenAI sends it: nested, with all four fields. */
function isError(event: Event | undefined): boolean {
  const error = event?.type === 'error' ? event.data['error'] : undefined;
  if (!isJsonObject(error) || typeof error['message'] !== 'string') return false;
  return ['type', 'code', 'param'].every((name) => name in error);
}

function responseIn({ response }: JsonObject, wrong: (what: string) => Error): JsonObject {
  if (!isJsonObject(response)) throw wrong('An event without its response');
  const { id, object, created_at: createdAt, model } = response;
  const isOne = id && object === 'response' && Number.isInteger(createdAt) && model;
  if (!isOne) throw wrong('A response that is none');
  return response;
}

/** What a status needs beside it. */
function checkEnd(response: JsonObject, status: string, wrong: (what: string) => Error): void {
  const { error, incomplete_details: details, usage } = response;
  const says = {
    failed: isJsonObject(error) && typeof error['code'] === 'string' && error['message'],
    incomplete: isJsonObject(details) && typeof details['reason'] === 'string',
    completed: error === null && details === null,
  }[status];
  if (!says) throw wrong(`${status} that does not say why`);
  if (usage === null) return;
  if (!isJsonObject(usage)) throw wrong('No usage, and no word that there is none');
  for (const name of ['input_tokens', 'output_tokens', 'total_tokens']) {
    if (typeof usage[name] !== 'number') throw wrong(`usage without ${name}`);
  }
  for (const name of ['input_tokens_details', 'output_tokens_details']) {
    if (!isJsonObject(usage[name])) throw wrong(`usage without ${name}`);
  }
}
