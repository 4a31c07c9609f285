import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { closedJson, parsedJson } from '../answer/broken-json.js';
import { ErrorReading } from './error-reading.js';
import { waitSaid } from './upstream-wait.js';

/** What an upstream said of a failure, whatever its own format. */
export interface UpstreamError {
  readonly status?: number | undefined;
  /** The sentence for people. */
  readonly message?: string | undefined;
  /** All its sentences, to be searched. */
  readonly text?: string | undefined;
  /** Codes, types and reasons, from wherever they stood: each is one word. */
  readonly words?: readonly string[] | undefined;
  readonly code?: string | undefined;
  readonly type?: string | undefined;
  readonly param?: string | undefined;
  /** The account it is about: for the operator. */
  readonly account?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly requestId?: string | undefined;
}

/** An error body as text: JSON in any of the shapes that servers give it, or a plain sentence. */
export function parseErrorBody(body: string, secrets: readonly string[]): UpstreamError {
  const text = body.trim();
  // A web page, or a text of several lines, is nobody's sentence: it may hold hosts and stacks.
  const isSentence = /^[^<{["]/.test(text) && !text.includes('\n');
  const json = parsedJson(text) ?? closedJson(text);
  return parseErrorField(json ?? (isSentence ? text : undefined), secrets);
}

/**
 * What an error is, in a body or within a stream.
 * @param secrets what an upstream may quote of ours: its words may reach the caller
 */
export function parseErrorField(error: unknown, secrets: readonly string[]): UpstreamError {
  const reading = new ErrorReading(secrets);
  reading.read(error, 0);
  const { message, text, words, param, status, code, type, account, waitMs } = reading;
  const retryAfterMs = waitMs ?? waitSaid(text);
  return { message, text, words, param, status, code, type, account, retryAfterMs };
}

/** Whether an event, or the body of a 200, is the word of a failure; empty `error` fields are none. */
export function saysError(json: unknown): boolean {
  // Gemini's OpenAI endpoint wraps its errors in an array.
  return isErrorObject(Array.isArray(json) ? (json as unknown[])[0] : json);
}

function isErrorObject(json: unknown): boolean {
  if (!isJsonObject(json)) return false;
  const { error, errors, base_resp: minimax } = json;
  if (error != null && isSaid(error)) return true;
  if (errors != null && isSaid(errors)) return true;
  // MiniMax says that all is well, too.
  if (minimax != null) return isJsonObject(minimax) && Boolean(minimax['status_code']);
  if (json['choices'] !== undefined) return false;
  // Older vLLM, Anthropic, FastAPI, relays: the fields of the error at top level.
  if (json['object'] === 'error' || json['type'] === 'error') return true;
  const { code, error_code: errorCode, status, detail } = json;
  const isRefused = typeof status === 'number' && status >= 400;
  return hasSentence(json) && (isRefused || isBad(code) || isBad(errorCode) || Boolean(detail));
}

/** Relays have codes for what went well, too. */
function isBad(code: unknown): boolean {
  if (typeof code !== 'number' && typeof code !== 'string') return false;
  return !/^(?:|0|2\d\d|ok|success)$/i.test(String(code));
}

function isSaid(error: unknown): boolean {
  return typeof error === 'object' && error !== null
    ? Object.keys(error).length > 0
    : Boolean(error);
}

function hasSentence(json: JsonObject): boolean {
  return ['message', 'msg', 'error_msg', 'detail'].some(
    (name) => typeof json[name] === 'string' || Array.isArray(json[name]),
  );
}
