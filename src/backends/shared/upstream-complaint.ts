import { isJsonObject, type JsonObject } from '../../contract/json.js';
import { accountIn, withoutSecrets } from './upstream-secrets.js';
import { waitIn, waitSaid } from './upstream-wait.js';

/** What an upstream said of a failure, whatever its own format. */
export interface UpstreamComplaint {
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

/** A sentence is shorter; what is longer quotes the request. */
const MAX_TEXT_CHARS = 2000;
/** JSON within text within JSON: relays wrap what their providers said. */
const MAX_DEPTH = 8;
const MAX_ITEMS = 8;
const MAX_WORDS = 16;

/** Where servers put what went wrong, beside the fields of the error itself. */
const NESTED = [
  'error',
  'errors',
  'details',
  'violations',
  'innererror',
  'inner_error',
  'metadata',
  'raw',
  'base_resp',
] as const;
const SENTENCES = [
  'message',
  'Message',
  'msg',
  'detail',
  'error_description',
  'error_msg',
  'status_msg',
] as const;
const WORDS = [
  'code',
  'type',
  'status',
  'reason',
  'error_code',
  'errorCode',
  'error_type',
  'status_code',
  'statusCode',
  '__type',
] as const;

/** An error body as text: JSON in any of the shapes that servers give it, or a plain sentence. */
export function complaintOf(body: string, secrets: readonly string[]): UpstreamComplaint {
  const text = body.trim();
  // A web page, or JSON that broke off, is nobody's sentence: it may hold hosts and stacks.
  const isSentence = /^[^<{["]/.test(text) && !text.includes('\n');
  return complaintIn(parsed(text) ?? (isSentence ? text : undefined), secrets);
}

/**
 * What an error is, in a body or within a stream.
 * @param secrets what an upstream may quote of ours: its words may reach the caller
 */
export function complaintIn(error: unknown, secrets: readonly string[]): UpstreamComplaint {
  const reading = new Reading();
  reading.read(error, 0);
  const { message, text, words, param } = reading;
  return {
    message: message && withoutSecrets(secrets, message),
    text,
    words,
    param,
    status: reading.status,
    code: reading.code,
    type: reading.type,
    account: accountIn(withoutKeys(secrets, text)),
    retryAfterMs: reading.waitMs ?? waitSaid(text),
  };
}

/** Whether an event, or the body of a 200, is the word of a failure; empty `error` fields are none. */
export function isComplaint(json: unknown): boolean {
  // Gemini's OpenAI endpoint wraps its errors in an array.
  if (Array.isArray(json)) return json.length > 0 && isComplaint((json as unknown[])[0]);
  if (!isJsonObject(json)) return false;
  const { error, errors, base_resp: minimax } = json;
  if (error != null && isSaid(error)) return true;
  if (errors != null && isSaid(errors)) return true;
  // MiniMax says that all is well, too.
  if (minimax != null) return isJsonObject(minimax) && Boolean(minimax['status_code']);
  if (json['choices'] !== undefined) return false;
  // Older vLLM, Anthropic, FastAPI, relays: the fields of the error at top level.
  if (json['object'] === 'error' || json['type'] === 'error') return true;
  return hasSentence(json) && ['code', 'error_code', 'status', 'detail'].some((name) => json[name]);
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

/** Gathers what is known of one error from wherever it stands. */
class Reading {
  status: number | undefined;
  code: string | undefined;
  type: string | undefined;
  param: string | undefined;
  waitMs: number | undefined;
  readonly #words = new Set<string>();
  readonly #sentences: string[] = [];
  /** Sentences where others have a word: true of a whole class of errors. */
  readonly #asides: string[] = [];

  get words(): readonly string[] {
    return [...this.#words];
  }

  get text(): string {
    return [...this.#sentences, ...this.#asides].join('\n').slice(0, MAX_TEXT_CHARS);
  }

  /** The first sentence that says something. OpenRouter's own says nothing where a provider's is behind it. */
  get message(): string | undefined {
    const said = this.#sentences.find((sentence) => !/^provider returned error$/i.test(sentence));
    return (said ?? this.#sentences[0] ?? this.#asides[0])?.slice(0, MAX_TEXT_CHARS);
  }

  read(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) return;
    if (typeof value === 'string') this.#readText(value, depth);
    else if (Array.isArray(value)) {
      for (const item of value.slice(0, MAX_ITEMS)) this.read(item, depth + 1);
    } else if (isJsonObject(value)) this.#readObject(value, depth);
  }

  #readText(text: string, depth: number): void {
    const inner = /^\s*[{[]/.test(text) ? parsed(text) : undefined;
    if (inner !== undefined) this.read(inner, depth + 1);
    // A web page within JSON is no better than one without.
    else if (text.trim() !== '' && !/^\s*<(?:!doctype|html)/i.test(text)) {
      this.#sentences.push(text);
    }
  }

  #readObject(json: JsonObject, depth: number): void {
    for (const name of WORDS) this.#readWord(name, json[name]);
    if (typeof json['param'] === 'string' && json['param']) this.param ??= json['param'];
    this.waitMs ??= waitIn(json);
    // Google says which of its limits was hit, OpenRouter what was flagged.
    if (/PerDay/i.test(String(json['quotaId']))) this.#words.add('quota_per_day');
    if (json['flagged_input'] !== undefined) this.#words.add('flagged_input');
    if (typeof json['msg'] === 'string' && Array.isArray(json['loc'])) {
      this.#readField(json['msg'], json['loc']);
      return;
    }
    for (const name of SENTENCES) this.read(json[name], depth + 1);
    for (const name of NESTED) this.read(json[name], depth + 1);
  }

  /** FastAPI: which field, and what is wrong with it. Its `input` quotes the request. */
  #readField(what: string, where: readonly unknown[]): void {
    const path = where.filter((step) => step !== 'body').join('.');
    if (path) this.param ??= path;
    this.#words.add('field_error');
    this.#sentences.push(path ? `\`${path}\`: ${what}` : what);
  }

  #readWord(name: string, value: unknown): void {
    if (typeof value !== 'number' && typeof value !== 'string') return;
    const word = String(value);
    // OpenRouter, vLLM and llama.cpp put the HTTP status into `code`, Azure and relays as text.
    if (/^[45]\d\d$/.test(word)) {
      this.status ??= Number(word);
      return;
    }
    // xAI puts a sentence there.
    if (/\s/.test(word)) {
      this.#asides.push(word);
      return;
    }
    if (!/^[\w.#<>:/-]{2,100}$/.test(word)) return;
    // MiniMax counts in the same numbers as others do, and means other things.
    if (this.#words.size >= MAX_WORDS) return;
    this.#words.add(name === 'status_code' ? `base_resp_${word}` : word);
    if (name === 'code' && /^[a-z]/i.test(word)) this.code ??= word;
    if (name === 'type' && word !== 'error') this.type ??= word;
  }
}

function withoutKeys(secrets: readonly string[], text: string): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, ''), text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
