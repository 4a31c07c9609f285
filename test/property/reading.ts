import { isJsonObject, type JsonObject } from '../../src/contract/json.js';

/** A piece of an answer; of a tool call its index, name and arguments. */
export type Piece = readonly ['text' | 'reasoning' | 'refusal' | 'tool', ...(string | number)[]];

/** What a streamed body says. */
export interface Reading {
  /** In order, up to the damage if there is any. */
  readonly pieces: readonly Piece[];
  /** The upstream said that the answer is whole; otherwise why it is not. */
  readonly end: 'finished' | 'cut' | 'error';
}

/**
 * What a streamed Chat Completion says, read at once and by the letter of the protocol: the
 * properties hold Sluice, which reads it piece by piece and in other ways, against this.
 */
export function readingOfSse(body: Uint8Array): Reading {
  const pieces: Piece[] = [];
  let finished = false;
  for (const data of sseData(textOf(body))) {
    if (data === '[DONE]') return { pieces, end: finished ? 'finished' : 'cut' };
    const event = jsonOf(data);
    if (event === 'broken' && !finished) return { pieces, end: 'cut' };
    if (!isJsonObject(event)) continue;
    if (event['error'] != null && finished) continue;
    if (event['error'] != null) return { pieces, end: 'error' };
    pieces.push(...piecesOfEvent(event));
    if (nonEmpty(firstOf(event['choices'])['finish_reason'])) finished = true;
  }
  return { pieces, end: finished ? 'finished' : 'cut' };
}

/** The same of a streamed `/api/chat`. */
export function readingOfNdjson(body: Uint8Array): Reading {
  const pieces: Piece[] = [];
  for (const line of textOf(body).split('\n')) {
    const json = jsonOf(line);
    if (json === 'broken') return { pieces, end: 'cut' };
    if (!isJsonObject(json)) continue;
    if (json['error'] != null) return { pieces, end: 'error' };
    const message = objectOr(json['message']);
    if (nonEmpty(message['thinking'])) pieces.push(['reasoning', message['thinking']]);
    if (nonEmpty(message['content'])) pieces.push(['text', message['content']]);
    for (const call of objectsIn(message['tool_calls'])) {
      const { name, arguments: args = {} } = objectOr(call['function']);
      pieces.push(['tool', toolsIn(pieces), stringOf(name), JSON.stringify(args)]);
    }
    if (json['done'] === true) return { pieces, end: 'finished' };
  }
  return { pieces, end: 'cut' };
}

/** The data of every event that a blank line dispatches. */
export function sseData(text: string): string[] {
  const events: string[] = [];
  let data: string[] = [];
  const lines = text.split(/\r\n|\n|\r/);
  for (const line of lines.slice(0, -1)) {
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'data') data.push(value);
    if (line !== '') continue;
    if (data.length > 0) events.push(data.join('\n'));
    data = [];
  }
  return events;
}

/** The pieces of an answer in one `chat.completion.chunk`. */
export function piecesOfEvent(event: JsonObject): Piece[] {
  const delta = objectOr(firstOf(event['choices'])['delta']);
  const pieces: Piece[] = [];
  const reasoning = [delta['reasoning_content'], delta['reasoning']].find(nonEmpty);
  if (reasoning !== undefined) pieces.push(['reasoning', reasoning]);
  if (nonEmpty(delta['content'])) pieces.push(['text', delta['content']]);
  if (nonEmpty(delta['refusal'])) pieces.push(['refusal', delta['refusal']]);
  for (const call of objectsIn(delta['tool_calls'])) {
    const { name, arguments: args } = objectOr(call['function']);
    const index = typeof call['index'] === 'number' ? call['index'] : 0;
    pieces.push(['tool', index, stringOf(name), stringOf(args)]);
  }
  return pieces;
}

/** `broken` is what starts like JSON and is none: a lost piece of the answer. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return /^\s*[{[]/.test(text) ? 'broken' : undefined;
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function toolsIn(pieces: readonly Piece[]): number {
  return pieces.filter(([kind]) => kind === 'tool').length;
}

function nonEmpty(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function objectOr(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function firstOf(values: unknown): JsonObject {
  return objectOr(Array.isArray(values) ? values[0] : undefined);
}

function objectsIn(values: unknown): JsonObject[] {
  return Array.isArray(values) ? values.filter(isJsonObject) : [];
}

/**
 * The text of a whole Chat Completion or `/api/chat`, when it is one: JSON that is complete, with
 * a message and without an error.
 */
export function textOfAnswer(body: Uint8Array): string | undefined {
  const json = jsonOf(textOf(body));
  if (!isJsonObject(json) || json['error'] != null) return undefined;
  const message = json['message'] ?? firstOf(json['choices'])['message'];
  return isJsonObject(message) ? stringOf(message['content']) : undefined;
}
