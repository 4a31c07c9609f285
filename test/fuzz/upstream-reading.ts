import { isJsonObject, type JsonObject, stringOr } from '../../src/contract/json.js';
import { isOpaque, type Piece, piecesOfEvent, sseData, textOfAnswer } from '../property/reading.js';
import { isTooDeep } from './deep.js';
import type { UpstreamAttempt } from './fuzz-upstream.js';
import type { End } from './upstream-plan.js';

/** What an upstream said, by the letter of its protocol and of docs/architecture.md's first law. */
export interface UpstreamReading {
  /** Its content, in order, up to the damage if there is any; nothing where damage leaves it open. */
  readonly pieces: readonly Piece[] | undefined;
  /** Whether it may be shown as a whole answer; `either` where timing or damage decides. */
  readonly whole: 'yes' | 'no' | 'either';
}

const FAILING = new Set(['abort', 'error', 'network_error', 'insufficient_system_resource']);

export function readingOf({ plan, kind, streams }: UpstreamAttempt): UpstreamReading {
  if (plan.how === 'nothing') return { pieces: [], whole: 'no' };
  // A damaged frame of HTTP can leave out, or let in, anything.
  if (plan.how === 'raw') return { pieces: undefined, whole: 'either' };
  if (plan.how === 'flood') return { pieces: undefined, whole: 'no' };
  if (plan.decoded === undefined) return { pieces: undefined, whole: 'no' };
  const end = plan.doubt === 'cut' ? 'cut' : plan.end;
  const asStream = streamed(plan.decoded, kind, end);
  const reading = streams ? asStream : plain(plan.decoded, end);
  const type = plan.headers['content-type']?.toLowerCase() ?? '';
  const isTyped = isExpected(type, kind, streams);
  // A stream that no stream was asked for ends as streams do.
  if (!streams && !isTyped && asStream.whole !== 'no') return { ...asStream, whole: 'either' };
  const isSure = plan.doubt === undefined && isTyped;
  return isSure ? reading : { ...reading, whole: lessSure(reading.whole) };
}

/** Of another media type than was asked for: it may be taken for an answer, or not. */
function isExpected(type: string, kind: string, streams: boolean): boolean {
  if (!streams) return type.startsWith('application/json');
  return type.startsWith(kind === 'openai' ? 'text/event-stream' : 'application/x-ndjson');
}

function lessSure(whole: UpstreamReading['whole']): UpstreamReading['whole'] {
  return whole === 'yes' ? 'either' : whole;
}

function plain(body: Uint8Array, end: End): UpstreamReading {
  const text = end === 'eof' ? textOfAnswer(body) : undefined;
  if (text === undefined || isTooDeep(new TextDecoder().decode(body))) {
    return { pieces: [], whole: 'no' };
  }
  const json = JSON.parse(new TextDecoder().decode(body)) as JsonObject;
  const reason = json['done_reason'] ?? firstChoice(json)['finish_reason'];
  const isFailure = FAILING.has(String(reason)) || isUnload(reason);
  return { pieces: [['text', text]], whole: isFailure ? 'no' : 'yes' };
}

function isUnload(reason: unknown): boolean {
  return reason === 'load' || reason === 'unload';
}

function streamed(body: Uint8Array, kind: string, end: End): UpstreamReading {
  const text = new TextDecoder().decode(body);
  return kind === 'openai' ? sseReading(text, end) : ndjsonReading(text, end);
}

/** A finish reason that stands: `own` in an event without content behind content, else `soft`. */
type Reason = 'own' | 'soft' | 'withdrawn' | undefined;

function sseReading(text: string, end: End): UpstreamReading {
  const pieces: Piece[] = [];
  let reason: Reason;
  let wasWithdrawn = false;
  let hasContent = false;
  const ended = (whole: UpstreamReading['whole']) => ({ pieces, whole });
  const stands = () => reason === 'own' || reason === 'soft';
  /** Nothing that comes now matters any more. */
  const isOver = () => reason === 'own' && !wasWithdrawn;
  for (const data of sseEvents(text, end)) {
    if (data === '[DONE]') {
      if (reason === undefined) return ended('no');
      return ended('yes');
    }
    const event = jsonOf(data);
    if (event === 'broken') {
      if (!isOver()) return ended('no');
      continue;
    }
    // Before it is known to be an event at all.
    if (isTooDeep(data)) {
      if (isOver()) continue;
      return ended('no');
    }
    if (!isJsonObject(event)) continue;
    const choice = firstChoice(event);
    if (isOther(choice)) continue;
    const fails = isSaid(event['error']) || isSaid(choice['error']);
    const given = choice['finish_reason'];
    if (fails || FAILING.has(String(given))) {
      if (isOver()) continue;
      return { pieces: fails ? pieces : [...pieces, ...contentOf(event)], whole: 'no' };
    }
    const content = contentOf(event);
    pieces.push(...content);
    const isContent = content.length > 0 || isOpaque(choice['delta']);
    hasContent ||= isContent;
    // A reset may take what comes behind the last word so far, and end the answer well (ADR 23).
    const isLost = isContent && isOver() && end !== 'eof' && end !== 'silence';
    if (isLost) return { pieces: undefined, whole: 'either' };
    if (isContent && stands()) {
      reason = 'withdrawn';
      wasWithdrawn = true;
    }
    if (typeof given === 'string' && given !== '' && given !== 'null') {
      reason = !isContent && hasContent ? 'own' : 'soft';
    }
  }
  if (!stands()) return ended('no');
  if (wasWithdrawn) return ended('no');
  if (end === 'eof') return ended('yes');
  if (end === 'silence') return ended(reason === 'own' ? 'yes' : 'no');
  // What was not read yet is lost with a connection that breaks.
  return ended('either');
}

/** A last event without its blank line is one, too; half of one is a cut. */
function sseEvents(text: string, end: End): string[] {
  return sseData(end === 'eof' ? `${text}\n\n` : text);
}

function ndjsonReading(text: string, end: End): UpstreamReading {
  const pieces: Piece[] = [];
  for (const line of text.split('\n')) {
    const json = jsonOf(line);
    if (json === 'broken') return { pieces, whole: 'no' };
    // Before it is known to be an event at all.
    if (isTooDeep(line)) return { pieces, whole: 'no' };
    if (!isJsonObject(json)) continue;
    if (isSaid(json['error'])) return { pieces, whole: 'no' };
    pieces.push(...piecesOfLine(json));
    if (json['done'] !== true) continue;
    const reason = String(json['done_reason']);
    if (FAILING.has(reason) || isUnload(reason)) return { pieces, whole: 'no' };
    return { pieces, whole: end === 'eof' ? 'yes' : 'either' };
  }
  return { pieces, whole: 'no' };
}

/** Of the answer, whichever of the shapes that are known it has. */
export function contentOf(event: JsonObject): Piece[] {
  const choice = firstChoice(event);
  if (isOther(choice)) return [];
  const given = choice['delta'] ?? choice['message'];
  const delta = typeof given === 'string' ? { content: given } : given;
  if (!isJsonObject(delta)) return [];
  const { content } = delta;
  const plainDelta = {
    ...delta,
    content: Array.isArray(content) ? undefined : textual(content),
    tool_calls: withArgumentsAsText(delta['tool_calls']),
  };
  const listed = Array.isArray(content) ? content.filter(isJsonObject).flatMap(pieceOfPart) : [];
  return [...listed, ...piecesOfEvent({ choices: [{ delta: plainDelta }] })];
}

function isOther(choice: JsonObject): boolean {
  return (choice['index'] ?? 0) !== 0;
}

/** Some servers send the object that the arguments stand for. */
function withArgumentsAsText(calls: unknown): unknown {
  if (!Array.isArray(calls)) return calls;
  return calls.filter(isJsonObject).map((call) => {
    const made = isJsonObject(call['function']) ? call['function'] : {};
    const { arguments: args } = made;
    const text = typeof args === 'string' ? args : args == null ? '' : JSON.stringify(args);
    return { ...call, function: { ...made, arguments: text } };
  });
}

/** An empty error is none. */
function isSaid(error: unknown): boolean {
  if (typeof error === 'object' && error !== null) return Object.keys(error).length > 0;
  return Boolean(error);
}

function pieceOfPart(part: JsonObject): Piece[] {
  if (typeof part['text'] === 'string') return [['text', part['text']]];
  return [];
}

function textual(content: unknown): unknown {
  return typeof content === 'number' ? String(content) : content;
}

function piecesOfLine(line: JsonObject): Piece[] {
  const { message } = line;
  if (!isJsonObject(message)) return [];
  const pieces: Piece[] = [];
  const { thinking, content, tool_calls: calls } = message;
  if (typeof thinking === 'string' && thinking !== '') pieces.push(['reasoning', thinking]);
  if (typeof content === 'string' && content !== '') pieces.push(['text', content]);
  for (const call of Array.isArray(calls) ? calls.filter(isJsonObject) : []) {
    const made = isJsonObject(call['function']) ? call['function'] : {};
    pieces.push(['tool', 0, stringOr(made['name'], ''), JSON.stringify(made['arguments'] ?? {})]);
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

function firstChoice(json: JsonObject): JsonObject {
  const choices = json['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isJsonObject(choice) ? choice : {};
}
