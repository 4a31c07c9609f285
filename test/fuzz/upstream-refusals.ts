import type { Random } from '../load/random.js';
import { jsonWith } from '../support/deep-json.js';
import { deepJson } from './deep.js';

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const STATUSES = [
  201, 202, 204, 206, 301, 302, 304, 307, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415,
  418, 422, 424, 425, 429, 431, 451, 498, 499, 500, 501, 502, 503, 504, 520, 529, 599,
];

const WORDS = [
  'It broke.',
  '',
  'This model’s maximum context length is 4096 tokens.',
  'prompt is too long: 9000 tokens > 4096 maximum',
  'Incorrect API key provided: sk-fuzz-secret.',
  'You exceeded your current quota.',
  'The response was filtered.',
  'model "m" not found, try pulling it first',
  'x'.repeat(50_000),
  '\u0000\ud800',
  '<b>bold</b>\r\nx-injected: 1',
];

const CODES = [null, 400, '400', 429, -1, 'rate_limit_exceeded', 'context_length_exceeded', {}, ''];

/** Bodies in every shape that an error has had somewhere. */
function bodiesOf(message: string, code: unknown): readonly unknown[] {
  return [
    { error: { message, type: 'invalid_request_error', code, param: null } },
    { error: { message, code, metadata: { raw: message } } },
    { error: message },
    { error: null },
    [{ error: { code, message, status: 'INVALID_ARGUMENT' } }],
    { detail: [{ loc: ['body', 'messages'], msg: message, type: 'value_error' }] },
    { detail: message },
    { errors: [{ message, code }] },
    { message, object: 'error', code },
    { error: { message: { text: message } } },
    { error: [] },
    null,
    [],
    12,
  ];
}

/** Long ones are rare: they keep a target at rest for up to a minute. */
const RETRY_AFTER = ['0', '-1', '0.01', 'soon', '1e-9', '', 'Thu, 01 Jan 1970 00:00:00 GMT'];
const RETRY_AFTER_MS = ['0', '5', '-5', 'x', '60'];

export function refusalFor(random: Random): Refusal {
  const json = JSON.stringify(
    random.from(bodiesOf(random.from(WORDS), random.from<unknown>(CODES))),
  );
  const body = random.weighted({ json: 75, deep: 10, html: 5, empty: 5, half: 5, text: 5 });
  const headers: Record<string, string> = {
    'content-type': random.from([
      'application/json',
      'application/json',
      'text/html',
      'text/plain',
    ]),
  };
  if (random.chance(0.3)) headers['retry-after'] = random.from(RETRY_AFTER);
  if (random.chance(0.002)) headers['retry-after'] = random.from(['1', '99999999', '1e309']);
  if (random.chance(0.2)) headers['retry-after-ms'] = random.from(RETRY_AFTER_MS);
  if (random.chance(0.1)) headers['location'] = 'http://127.0.0.1:9/';
  if (random.chance(0.1)) headers['x-request-id'] = 'x'.repeat(300);
  const text = body === 'deep' ? deepBody(random) : textOf(body, json);
  return { status: random.from(STATUSES), headers, body: text };
}

/** Nested without end wherever something is looked for. */
function deepBody(random: Random): string {
  const bodies: readonly ((deep: unknown) => unknown)[] = [
    (deep) => deep,
    (deep) => [deep],
    (deep) => ({ error: deep }),
    (deep) => ({ detail: deep }),
    (deep) => ({ detail: [{ msg: 'No.', loc: ['body', deep] }] }),
    (deep) => ({ error: { message: deep, code: deep, type: deep, param: deep } }),
    (deep) => ({ error: { message: 'Slow.', headers: { a: deep }, quotaId: deep } }),
    (deep) => ({ error: { message: 'Slow.', retryDelay: deep, retry_after: deep } }),
  ];
  return jsonWith(deepJson(random), random.from(bodies));
}

function textOf(body: 'json' | 'html' | 'empty' | 'half' | 'text', json: string): string {
  switch (body) {
    case 'json':
      return json;
    case 'html':
      return '<html><title>502 Bad Gateway</title></html>';
    case 'empty':
      return '';
    case 'half':
      return json.slice(0, json.length / 2);
    case 'text':
      return 'upstream connect error or disconnect/reset before headers';
  }
}
