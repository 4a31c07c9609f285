import { isJsonObject, type JsonObject } from '../../../contract/json.js';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Longer waits are nonsense, or as good as for ever. */
const MAX_WAIT_MS = 30 * 24 * 3_600_000;

/** A number of this size is a moment, not a length of time: 2001 in seconds, and in milliseconds. */
const EPOCH_S = 1e9;
const EPOCH_MS = 1e12;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 24 * 3_600_000,
  day: 24 * 3_600_000,
};
const PART = String.raw`\d+(?:\.\d+)?\s*(?:milliseconds?|ms|seconds?|sec|s|minutes?|min|m|hours?|h|days?|d)`;
const DURATION = new RegExp(String.raw`^(?:${PART}\s*)+$`, 'i');
/** "Please try again in 7.66s", "Please retry after 6 seconds", "Please retry in 27.3s." */
const SENTENCE = new RegExp(
  String.raw`\b(?:try again|retry|wait)\b.{0,20}?\b(?:in|after|for)?\s*((?:${PART}\s*)+)(?![a-z])`,
  'i',
);

/** When an upstream wants to be asked again, by its headers: `retry-after-ms`, else `Retry-After`. */
export function parseRetryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const after = textOf(headers['retry-after']);
  return bounded(
    numberIn(headers['retry-after-ms']) ??
      secondsIn(headers['retry-after']) ??
      durationMs(after) ??
      untilDate(after, now),
  );
}

/**
 * The same for a limit that says only when it is lifted: `x-ratelimit-reset-requests: 6m0s` (OpenAI,
 * Groq), `x-ratelimit-reset: 1741305600000` (OpenRouter), `anthropic-ratelimit-requests-reset` (a date).
 * @param kind `requests` or `tokens`, where the upstream said which limit was hit
 */
export function resetMsOf(
  headers: Headers,
  kind: string | undefined,
  now = Date.now(),
): number | undefined {
  const resets = ['requests', 'tokens'].flatMap((of) => {
    const [reset, remaining] = [`x-ratelimit-reset-${of}`, `x-ratelimit-remaining-${of}`];
    const ms =
      momentMs(headers[reset], now) ?? momentMs(headers[`anthropic-ratelimit-${of}-reset`], now);
    const left =
      numberIn(headers[remaining]) ?? numberIn(headers[`anthropic-ratelimit-${of}-remaining`]);
    return ms === undefined
      ? []
      : [{ ms, isHit: left === 0 || of === kind, isOpen: left !== undefined && left > 0 }];
  });
  const hit = resets.filter(({ isHit }) => isHit);
  // Every answer carries both: one that still has something left is not what refused.
  const likely = hit.length > 0 ? hit : resets.filter(({ isOpen }) => !isOpen);
  if (likely.length > 0) return bounded(Math.max(...likely.map(({ ms }) => ms)));
  return bounded(momentMs(headers['x-ratelimit-reset'], now));
}

/** The same within an error body: Google's `retryDelay`, `retry_after`, OpenRouter's headers of its provider. */
export function waitIn(json: JsonObject, now = Date.now()): number | undefined {
  const { retryDelay, headers } = json;
  const seconds = json['retry_after'] ?? json['retryAfter'] ?? json['retry_after_seconds'];
  const ms = json['retry_after_ms'] ?? json['retryAfterMs'];
  return bounded(
    (typeof retryDelay === 'string' ? durationMs(retryDelay) : undefined) ??
      numberIn(ms) ??
      secondsIn(seconds) ??
      (isJsonObject(headers) ? parseWaitHeaders(headers, now) : undefined),
  );
}

/** The same in a sentence. */
export function waitSaid(message: string): number | undefined {
  return bounded(durationMs(SENTENCE.exec(message)?.[1]));
}

function parseWaitHeaders(json: JsonObject, now: number): number | undefined {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    // Go's servers have a list of values for every header.
    const first = Array.isArray(value) ? (value as unknown[])[0] : value;
    if (typeof first === 'string' || typeof first === 'number') {
      headers[name.toLowerCase()] = String(first);
    }
  }
  return parseRetryAfterMs(headers, now) ?? resetMsOf(headers, undefined, now);
}

/** `27s`, `1m30s`, `20ms`, `6 seconds`. */
function durationMs(text: string | undefined): number | undefined {
  if (text === undefined || !DURATION.test(text.trim())) return undefined;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const name = unit!.toLowerCase();
    const singular = name.length > 2 && name.endsWith('s') ? name.slice(0, -1) : name;
    ms += Number(count) * (singular === 'millisecond' ? 1 : (UNIT_MS[singular] ?? NaN));
  }
  return Number.isFinite(ms) ? ms : undefined;
}

/** A duration, a number of seconds, a moment in seconds or milliseconds, or a date. */
function momentMs(header: string | string[] | undefined, now: number): number | undefined {
  const number = numberIn(header);
  if (number === undefined) return durationMs(textOf(header)) ?? untilDate(textOf(header), now);
  if (number >= EPOCH_MS) return Math.max(0, number - now);
  return number >= EPOCH_S ? Math.max(0, number * 1000 - now) : number * 1000;
}

/** An empty one is none: `Number` would make it 0, and a retry at once. */
function numberIn(value: unknown): number | undefined {
  const text = Array.isArray(value) ? (value as unknown[])[0] : value;
  if (typeof text === 'number') return text >= 0 && Number.isFinite(text) ? text : undefined;
  return typeof text === 'string' && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

function secondsIn(value: unknown): number | undefined {
  const seconds = numberIn(value);
  return seconds === undefined ? undefined : seconds * 1000;
}

function untilDate(value: string | undefined, now: number): number | undefined {
  // `Date.parse` takes "-5" and "1e22" for years.
  const isDate = value !== undefined && /[a-z]{3}|^\d{4}-\d\d-\d\dT/i.test(value);
  const date = isDate ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function bounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.min(Math.ceil(ms), MAX_WAIT_MS);
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
