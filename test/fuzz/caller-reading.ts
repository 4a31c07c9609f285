import { isJsonObject, type JsonObject, stringOr } from '../../src/contract/json.js';
import { type Piece, textOfAnswer } from '../property/reading.js';
import { strictResponse } from '../support/strict-response.js';
import { strictChat, strictCompletion, type StrictStream } from '../support/strict-stream.js';
import type { Got } from './fuzz-caller.js';
import { contentOf } from './upstream-reading.js';

/** What a caller can tell of what it got. */
export interface CallerReading {
  /**
   * `whole`: a whole answer; `failed`: an honest end in the middle; `refused`: an error in our
   * words; `bare`: an answer of Node's own, or none; `partial`: it did not wait for the end.
   */
  readonly view: 'whole' | 'failed' | 'refused' | 'bare' | 'nothing' | 'partial';
  readonly pieces: readonly Piece[];
  /** The code of the failure, if it has one. */
  readonly code?: string | undefined;
  readonly dialect?: 'chat' | 'v1' | 'plain' | undefined;
  /** The data of `done`. */
  readonly last?: JsonObject | undefined;
}

/** @throws what is not well-formed about it */
export function callerReadingOf({ head, body, isClean, how }: Got, method: string): CallerReading {
  if (head === undefined) return { view: how === 'left' ? 'partial' : 'bare', pieces: [] };
  if (how === 'left') return partial(body);
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  const type = head.headers['content-type'] ?? '';
  if (head.status === 204 || method === 'HEAD') return { view: 'nothing', pieces: [] };
  if (head.status !== 200) return refusal(head.status, type, text, isClean);
  const end = isClean ? 'clean' : 'cut';
  if (!type.startsWith('text/event-stream')) return plain(text, isClean);
  if (isResponse(text)) return response(strictResponse(text, end));
  return isChat(text) ? chat(strictChat(text, end)) : v1(strictCompletion(text, end));
}

function plain(text: string, isClean: boolean): CallerReading {
  const body = Buffer.from(text);
  const said = isClean ? (textOfResponseObject(text) ?? textOfAnswer(body)) : undefined;
  if (said === undefined) throw new Error(`a 200 that is no whole answer: ${text.slice(0, 300)}`);
  return { view: 'whole', dialect: 'plain', pieces: [['text', said]] };
}

/** The text of a whole Response; nothing where it is none. */
function textOfResponseObject(text: string): string | undefined {
  const { object, output } = JSON.parse(text) as { object?: unknown; output?: JsonObject[] };
  if (object !== 'response' || !output) return undefined;
  const parts = output.flatMap(({ content }) => (content ?? []) as JsonObject[]);
  return parts.map((part) => stringOr(part['text'], '')).join('');
}

function refusal(status: number, type: string, text: string, isClean: boolean): CallerReading {
  if (text === '') return { view: 'bare', pieces: [] };
  const isJson = type.startsWith('application/json');
  const { error } = (isJson ? JSON.parse(text) : {}) as { error?: JsonObject };
  if (status < 400 || !isClean || typeof error?.['message'] !== 'string') {
    throw new Error(`neither an answer nor an error: ${status} ${text.slice(0, 300)}`);
  }
  return { view: 'refused', pieces: [], code: codeOf(error) };
}

function v1({ events, terminal, last }: StrictStream): CallerReading {
  const pieces = events.flatMap(({ data }) => contentOf(data));
  const error = last?.['error'];
  const view = terminal === 'done' ? 'whole' : 'failed';
  return { view, pieces, dialect: 'v1', code: isJsonObject(error) ? codeOf(error) : undefined };
}

function response({ events, terminal, last }: StrictStream): CallerReading {
  const pieces = events.flatMap(({ type, data }) => responsePieces(type, data));
  const error = terminal === 'failed' ? last?.['error'] : undefined;
  const view = terminal === 'done' ? 'whole' : 'failed';
  return { view, pieces, dialect: 'v1', code: isJsonObject(error) ? codeOf(error) : undefined };
}

function chat({ events, terminal, last }: StrictStream): CallerReading {
  const pieces = events.flatMap(({ type, data }) => chatPieces(type, data));
  const view = terminal === 'done' ? 'whole' : 'failed';
  const code = view === 'failed' && last ? codeOf(last) : undefined;
  // Nothing was asked of anybody, like behind a 204.
  if (code === 'stream_interrupted') return { view: 'nothing', pieces: [] };
  return { view, pieces, dialect: 'chat', code, last };
}

/** Whatever whole frames there are, of a stream that its caller left. */
function partial(body: Buffer): CallerReading {
  const text = body.toString();
  const dialect = !isResponse(text) && isChat(text) ? 'chat' : 'v1';
  const pieces: Piece[] = [];
  for (const frame of text.split('\n\n').slice(0, -1)) {
    const lines = frame.split('\n');
    const data = lines.find((line) => line.startsWith('data: '))?.slice(6);
    if (data === undefined || data === '[DONE]') continue;
    const json = JSON.parse(data) as JsonObject;
    const type = lines.find((line) => line.startsWith('event: '))?.slice(7) ?? 'message';
    if (isResponse(text)) pieces.push(...responsePieces(type, json));
    else pieces.push(...(dialect === 'chat' ? chatPieces(type, json) : contentOf(json)));
  }
  return { view: 'partial', pieces, dialect };
}

function isResponse(text: string): boolean {
  return text.startsWith('event: response.');
}

function responsePieces(type: string, { delta, output_index: index }: JsonObject): Piece[] {
  const said = String(delta);
  switch (type) {
    case 'response.output_text.delta':
      return [['text', said]];
    case 'response.refusal.delta':
      return [['refusal', said]];
    case 'response.reasoning_summary_text.delta':
      return [['reasoning', said]];
    case 'response.function_call_arguments.delta':
      return [['tool', Number(index), '', said]];
    default:
      return [];
  }
}

function isChat(text: string): boolean {
  return /^\n?(id|event): /.test(text);
}

function chatPieces(type: string, data: JsonObject): Piece[] {
  if (type === 'message' && typeof data['text'] === 'string') return [['text', data['text']]];
  if (type === 'reasoning') return [['reasoning', String(data['text'])]];
  if (type !== 'tool-call') return [];
  return [['tool', 0, stringOr(data['name'], ''), stringOr(data['arguments'], '')]];
}

function codeOf(error: JsonObject): string | undefined {
  return typeof error['code'] === 'string' ? error['code'] : undefined;
}
