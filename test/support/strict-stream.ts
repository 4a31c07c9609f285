import { isJsonObject, type JsonObject } from '../../src/contract/json.js';

/** A caller's stream is not what its dialect promises. */
export class NotWellFormed extends Error {
  constructor(what: string, raw: string) {
    super(`${what} in: ${JSON.stringify(raw.length > 600 ? `…${raw.slice(-600)}` : raw)}`);
  }
}

/** How a body ended: `clean` = with its final chunk, `cut` = without. */
export type BodyEnd = 'clean' | 'cut';

/** What a stream came to: all that it said, and its one terminal state. */
export interface StrictStream {
  /** Every event but the terminal one: of `chat` with its type. */
  readonly events: readonly { readonly type: string; readonly data: JsonObject }[];
  readonly terminal: 'done' | 'failed';
  /** The data of `done` or of the failure; nothing for `[DONE]`. */
  readonly last: JsonObject | undefined;
}

/**
 * Reads a streamed Chat Completion and takes nothing but what Sluice promises: frames of one
 * `data` line, then `[DONE]` and a clean end, or an error and an unclean one.
 */
export function strictCompletion(raw: string, end: BodyEnd): StrictStream {
  const frames = framesOf(raw).filter((frame) => frame !== ': heartbeat');
  const data = frames.map((frame) => {
    const line = /^data: ([^\r\n]+)$/.exec(frame)?.[1];
    if (line === undefined) throw new NotWellFormed(`A frame ${JSON.stringify(frame)}`, raw);
    return line;
  });
  const isDone = data.at(-1) === '[DONE]';
  const json = (isDone ? data.slice(0, -1) : data).map((line) => jsonIn(line, raw));
  const errors = json.filter((event) => event['error'] !== undefined).length;
  const last = json.at(-1);
  if (isDone) {
    if (errors > 0) throw new NotWellFormed('An error before [DONE]', raw);
    if (end !== 'clean') throw new NotWellFormed('A cut after [DONE]', raw);
  } else {
    if (!isJsonObject(last?.['error'])) throw new NotWellFormed('No terminal state', raw);
    if (errors > 1) throw new NotWellFormed('Two errors', raw);
    if (end !== 'cut') throw new NotWellFormed('A clean end after an error', raw);
  }
  const events = isDone ? json : json.slice(0, -1);
  return {
    events: events.map((event) => ({ type: 'message', data: event })),
    terminal: isDone ? 'done' : 'failed',
    last: isDone ? undefined : last,
  };
}

const CHAT_TYPES = new Set(['message', 'reasoning', 'tool-call', 'done', 'failed']);
const CHAT_HEARTBEAT = 'event: heartbeat\ndata: {}';

/**
 * The same for our EventSource protocol: every event has a name and data, `start` comes first, ids
 * count up, `done` or `failed` comes last, and the end is clean.
 */
export function strictChat(raw: string, end: BodyEnd): StrictStream {
  if (end !== 'clean') throw new NotWellFormed('An unclean end', raw);
  const events: { type: string; data: JsonObject }[] = [];
  let stream: string | undefined;
  let next = 0;
  for (const frame of framesOf(raw).filter((each) => each !== CHAT_HEARTBEAT)) {
    const { id, event: type, data, retry } = fieldsOf(frame, raw);
    const [, of, n] = /^([0-9a-f-]{36}):(\d+)$/.exec(id ?? '') ?? [];
    if (stream === undefined && type === 'failed') {
      // What was interrupted is no stream of ours any more.
      const json = jsonIn(data ?? '', raw);
      if (id === undefined && json['code'] === 'stream_interrupted') {
        events.push({ type, data: json });
        continue;
      }
    }
    stream ??= of;
    if (of === undefined || of !== stream || Number(n) !== next++) {
      throw new NotWellFormed(`An id ${id}`, raw);
    }
    const json = jsonIn(data ?? '', raw);
    if (n === '0') {
      if (type === 'start' && json['streamId'] === of && retry === '3000') continue;
      throw new NotWellFormed('No start', raw);
    }
    if (type === undefined || !CHAT_TYPES.has(type))
      throw new NotWellFormed(`An event ${type}`, raw);
    events.push({ type, data: json });
  }
  const last = events.pop();
  if (last?.type !== 'done' && last?.type !== 'failed') {
    throw new NotWellFormed('No terminal state', raw);
  }
  if (events.some(({ type }) => type === 'done' || type === 'failed')) {
    throw new NotWellFormed('Two terminal states', raw);
  }
  return { events, terminal: last.type, last: last.data };
}

export function framesOf(raw: string): string[] {
  const frames = raw.split('\n\n');
  if (frames.pop() !== '') throw new NotWellFormed('Half a frame at the end', raw);
  return frames;
}

function fieldsOf(frame: string, raw: string): Partial<Record<string, string>> {
  const fields = frame.split('\n').map((line) => {
    const [, name, value] = /^(id|event|data|retry): ([^\r]*)$/.exec(line) ?? [];
    if (name === undefined) throw new NotWellFormed(`A line ${JSON.stringify(line)}`, raw);
    return [name, value!] as const;
  });
  if (new Set(fields.map(([name]) => name)).size < fields.length) {
    throw new NotWellFormed(`A field twice in ${JSON.stringify(frame)}`, raw);
  }
  return Object.fromEntries(fields);
}

export function jsonIn(data: string, raw: string): JsonObject {
  try {
    const json: unknown = JSON.parse(data);
    if (isJsonObject(json)) return json;
  } catch {
    // Said below.
  }
  throw new NotWellFormed(`No JSON object ${JSON.stringify(data)}`, raw);
}
