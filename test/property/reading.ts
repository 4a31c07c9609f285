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
  const calls = new Calls();
  const reason = { said: false, stands: false, alone: false, doubted: false };
  let hasContent = false;
  const isWhole = () => reason.stands && reason.alone && !reason.doubted;
  // What the last event lacks is only its end.
  for (const data of sseData(`${textOf(body)}\n\n`)) {
    if (data.startsWith('[DONE]')) return { pieces, end: reason.said ? 'finished' : 'cut' };
    const event = jsonOf(data);
    if (event === 'broken' && !isWhole()) return { pieces, end: 'cut' };
    if (!isJsonObject(event)) continue;
    const choice = answerIn(event['choices']);
    if ((event['error'] ?? choice['error']) != null) {
      if (isWhole()) continue;
      return { pieces, end: 'error' };
    }
    const here = piecesOfEvent(event, calls);
    pieces.push(...here);
    const isContent = here.length > 0 || isOpaque(choice['delta']);
    if (isContent) {
      hasContent = true;
      reason.doubted ||= reason.stands;
      reason.stands = false;
    }
    const word = choice['finish_reason'];
    if (!nonEmpty(word) || /^(null|none)$/i.test(word)) continue;
    if (FAILED.test(word) && !isWhole()) return { pieces, end: 'cut' };
    reason.said = true;
    reason.stands = true;
    reason.alone = hasContent && !isContent;
  }
  return { pieces, end: reason.stands && !reason.doubted ? 'finished' : 'cut' };
}

/** It holds something, and nothing that anybody knows. */
export function isOpaque(delta: unknown): boolean {
  const known = /^(role|content|reasoning(_content|_details)?|thinking|refusal|images|tool_calls)$/;
  return Object.entries(objectOr(delta)).some(
    ([name, value]) => !known.test(name) && value != null && value !== '',
  );
}

/** Reasons that are failures. */
const FAILED = /^(abort|error|load|unload)$/i;

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
    if (json['done'] === true) {
      const hasFailed = FAILED.test(stringOf(json['done_reason']));
      return { pieces, end: hasFailed ? 'cut' : 'finished' };
    }
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

/**
 * The pieces of an answer in one `chat.completion.chunk`.
 * @param calls absent: the indexes are right as they are
 */
export function piecesOfEvent(event: JsonObject, calls?: Calls): Piece[] {
  const delta = objectOr(answerIn(event['choices'])['delta']);
  const pieces: Piece[] = [];
  const reasoning = [delta['reasoning_content'], delta['reasoning']].find(nonEmpty);
  if (reasoning !== undefined) pieces.push(['reasoning', reasoning]);
  if (nonEmpty(delta['content'])) pieces.push(['text', delta['content']]);
  if (nonEmpty(delta['refusal'])) pieces.push(['refusal', delta['refusal']]);
  for (const call of objectsIn(delta['tool_calls'])) {
    const { name, arguments: args } = objectOr(call['function']);
    const index = calls ? calls.indexOf(call) : Number(call['index']);
    pieces.push(['tool', index, stringOf(name), stringOf(args)]);
  }
  return pieces;
}

/** Which call a piece belongs to, however the upstream numbers them. */
class Calls {
  readonly #calls: { number: unknown; id: string; name: string; hasArguments: boolean }[] = [];
  #last = 0;

  indexOf(piece: JsonObject): number {
    const { name, arguments: args } = objectOr(piece['function']);
    const given = { id: stringOf(piece['id']), name: stringOf(name), args: stringOf(args) };
    const isNumbered = piece['index'] != null && Number.isInteger(Number(piece['index']));
    const number = isNumbered ? Number(piece['index']) : undefined;
    const at =
      number === undefined
        ? this.#last
        : this.#calls.findLastIndex((call) => call.number === number);
    const known = this.#calls[at];
    const isOther =
      given.id !== '' && known?.id !== ''
        ? given.id !== known?.id
        : known?.hasArguments && (given.name !== known.name || /^\s*\{/.test(given.args));
    this.#last = known && (given.name === '' || !isOther) ? at : this.#calls.length;
    this.#calls[this.#last] ??= { number: number ?? this.#last, ...given, hasArguments: false };
    const call = this.#calls[this.#last]!;
    if (call === known && given.name !== call.name) call.name += given.name;
    call.hasArguments ||= given.args !== '';
    return this.#last;
  }
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

/** The choice that was asked for. */
function answerIn(choices: unknown): JsonObject {
  return objectsIn(choices).find(({ index }) => index == null || index === 0) ?? {};
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
  // A line of a stream of Ollama's is JSON as well.
  if (json['message'] !== undefined && json['done'] !== true) return undefined;
  return isJsonObject(message) ? stringOf(message['content']) : undefined;
}
