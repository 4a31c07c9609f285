import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import { parsedJson } from '../answer/broken-json.js';
import { parseAccount, withoutAccounts, withoutKeys } from './upstream-secrets.js';
import { waitIn } from './upstream-wait.js';

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

/** Gathers what is known of one error from wherever it stands, without our secrets. */
export class ErrorReading {
  status: number | undefined;
  code: string | undefined;
  type: string | undefined;
  param: string | undefined;
  waitMs: number | undefined;
  /** The account it is about. */
  account: string | undefined;
  readonly #words = new Set<string>();
  readonly #sentences: string[] = [];
  /** Sentences where others have a word: true of a whole class of errors. */
  readonly #asides: string[] = [];

  /** @param secrets what an upstream may quote of ours: its words may reach the caller */
  constructor(private readonly secrets: readonly string[]) {}

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
    const inner = /^\s*[{[]/.test(text) ? parsedJson(text) : undefined;
    if (inner !== undefined) this.read(inner, depth + 1);
    // A web page within JSON is no better than one without.
    else if (text.trim() !== '' && !/^\s*<(?:!doctype|html)/i.test(text)) {
      this.#sentences.push(this.#shown(text));
    }
  }

  #readObject(json: JsonObject, depth: number): void {
    for (const name of WORDS) this.#readWord(name, json[name]);
    if (typeof json['param'] === 'string' && json['param']) {
      this.param ??= this.#shown(json['param']);
    }
    this.waitMs ??= waitIn(json);
    // Google says which of its limits was hit, OpenRouter what was flagged.
    if (/PerDay/i.test(stringOr(json['quotaId'], ''))) this.#words.add('quota_per_day');
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
    const steps = where.filter((step) => isScalar(step) && step !== 'body');
    const path = this.#shown(steps.join('.'));
    if (path) this.param ??= path;
    this.#words.add('field_error');
    const said = this.#shown(what);
    this.#sentences.push(path ? `\`${path}\`: ${said}` : said);
  }

  #readWord(name: string, value: unknown): void {
    if (!isScalar(value)) return;
    const given = String(value);
    // OpenRouter, vLLM and llama.cpp put the HTTP status into `code`, Azure and relays as text.
    if (/^[45]\d\d$/.test(given)) {
      this.status ??= Number(given);
      return;
    }
    // One that quotes a key is no word any more.
    const word = this.#shown(given);
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

  /** A text as it may be shown. It is cut last: the beginning of a key would not be known for one. */
  #shown(text: string): string {
    const keyless = withoutKeys(this.secrets, text);
    this.account ??= parseAccount(keyless);
    return withoutAccounts(keyless).slice(0, MAX_TEXT_CHARS);
  }
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
