import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/contract/faults.js';
import { toOpenAiError } from '../../src/http/dialects/openai-shared/errors.js';
import { failure } from '../support/failure.js';
import { failsWith } from '../support/upstream-scripts.js';
import type { BackendKind, ErrorDetails } from './backend-kind.js';
import { BackendUnderTest } from './backend-under-test.js';

interface Refusal extends ErrorDetails {
  readonly status: number;
  readonly message?: string;
  readonly headers?: Record<string, string>;
  readonly fault: Fault;
  readonly retryAfterMs?: number;
}

const WORDS = 'The upstream says no to sk-secret-123';
/** What servers without a code for it say. */
const TOO_LONG = [
  "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
  'the request exceeds the available context size, try increasing it',
  'the input length exceeds the context length',
  'The decoder prompt (length 9000) is longer than the maximum model length of 8192.',
  'prompt is too long: 205000 tokens > 200000 maximum',
];

const BY_STATUS: readonly Refusal[] = [
  { status: 400, fault: 'invalid_request' },
  { status: 413, fault: 'context_too_long' },
  { status: 422, fault: 'invalid_request' },
  ...TOO_LONG.map((message): Refusal => ({ status: 400, message, fault: 'context_too_long' })),
  { status: 401, fault: 'upstream_credentials' },
  { status: 403, fault: 'upstream_credentials' },
  { status: 404, fault: 'upstream_model_missing' },
  { status: 402, fault: 'quota_exhausted' },
  {
    status: 429,
    message: 'You have reached your specified API usage limits.',
    fault: 'quota_exhausted',
  },
  { status: 429, fault: 'rate_limited' },
  { status: 429, headers: { 'retry-after': '7' }, fault: 'rate_limited', retryAfterMs: 7000 },
  {
    status: 429,
    headers: { 'retry-after-ms': '1500', 'retry-after': '9' },
    fault: 'rate_limited',
    retryAfterMs: 1500,
  },
  {
    status: 429,
    headers: { 'retry-after-ms': 'soon', 'retry-after': '0.5' },
    fault: 'rate_limited',
    retryAfterMs: 500,
  },
  ...['soon', '-1', '', '1e22', '1e999', 'Infinity'].map((nonsense): Refusal => ({
    status: 429,
    headers: { 'retry-after': nonsense, 'retry-after-ms': nonsense },
    fault: 'rate_limited',
  })),
  { status: 408, fault: 'upstream_unavailable' },
  { status: 500, fault: 'upstream_unavailable' },
  { status: 502, fault: 'upstream_unavailable' },
  {
    status: 503,
    headers: { 'retry-after': '3' },
    fault: 'upstream_unavailable',
    retryAfterMs: 3000,
  },
  { status: 529, fault: 'upstream_unavailable' },
  { status: 302, headers: { location: '/elsewhere' }, fault: 'upstream_protocol' },
];

const BY_CODE: readonly Refusal[] = [
  { status: 400, code: 'context_length_exceeded', fault: 'context_too_long' },
  { status: 400, code: 'content_filter', fault: 'content_filtered' },
  { status: 400, code: 'content_policy_violation', fault: 'content_filtered' },
  { status: 400, type: 'invalid_request_error', param: 'messages', fault: 'invalid_request' },
  { status: 422, code: 'bad_value', fault: 'invalid_request' },
  { status: 429, code: 'insufficient_quota', fault: 'quota_exhausted' },
  { status: 429, type: 'insufficient_quota', fault: 'quota_exhausted' },
  { status: 429, code: 'rate_limit_exceeded', type: 'tokens', fault: 'rate_limited' },
  { status: 401, code: 'invalid_api_key', fault: 'upstream_credentials' },
  { status: 404, code: 'model_not_found', fault: 'upstream_model_missing' },
  // The status decides: a code of the caller's own mistakes does not make it one.
  { status: 500, type: 'server_error', fault: 'upstream_unavailable' },
];

const CALLERS_MISTAKES = new Set<Fault>([
  'invalid_request',
  'context_too_long',
  'content_filtered',
]);

/** From the upstream's status and body to a fault, the same for streams and whole answers. */
export function refusalContract(kind: BackendKind): void {
  describe('refused by its upstream', () => {
    const test = new BackendUnderTest(kind);
    const refusals = kind.hasErrorCodes ? [...BY_STATUS, ...BY_CODE] : BY_STATUS;

    it.each(refusals.map((refusal) => [nameOf(refusal), refusal] as const))(
      'takes %s',
      async (_, { status, message = WORDS, headers, code, type, param, fault, retryAfterMs }) => {
        const details = {
          ...(code !== undefined && { code }),
          ...(type !== undefined && { type }),
          ...(param !== undefined && { param }),
        };
        test.upstream.script(
          failsWith(status, kind.errorBody(message, details), {
            'x-request-id': 'req_42',
            ...headers,
          }),
        );
        const callersMistake = CALLERS_MISTAKES.has(fault);
        for (const error of [await failure(test.open()), await failure(test.complete())]) {
          expect(error).toMatchObject({ fault, upstream: { status, requestId: 'req_42' } });
          expect(toOpenAiError(error, { requestId: 'x' }).error).toMatchObject({
            ...(type === 'tokens' && { type }),
            ...(callersMistake && code !== undefined && { code }),
          });
          expect([error.retryAfterMs, error.param]).toEqual([retryAfterMs, param]);
          // The upstream's words are for the caller whose mistake it is, and for nobody else.
          expect(error.message === message).toBe(callersMistake);
          expect(error.message.includes('sk-secret')).toBe(callersMistake && message === WORDS);
        }
        expect(test.upstream.requests).toHaveLength(2);
      },
    );

    it('reads a Retry-After that is a date', async () => {
      const at = new Date(Date.now() + 30_000).toUTCString();
      test.upstream.script(failsWith(429, kind.errorBody(WORDS), { 'retry-after': at }));
      const { retryAfterMs } = await failure(test.open());
      expect(retryAfterMs).toBeGreaterThan(25_000);
      expect(retryAfterMs).toBeLessThanOrEqual(30_000);
    });

    it('takes a Retry-After date of the past for now', async () => {
      const at = new Date(Date.now() - 30_000).toUTCString();
      test.upstream.script(failsWith(503, kind.errorBody(WORDS), { 'retry-after': at }));
      expect((await failure(test.open())).retryAfterMs).toBe(0);
    });

    it('does with the status when the body is no JSON, or none', async () => {
      for (const [status, fault] of [
        [400, 'invalid_request'],
        [502, 'upstream_unavailable'],
      ] as const) {
        for (const body of ['<html>Bad gateway at 10.0.0.7</html>', '', '{"error":']) {
          test.upstream.script(failsWith(status, body, { 'content-type': 'text/html' }));
          const error = await failure(test.open());
          expect(error.fault).toBe(fault);
          expect(error.message).not.toContain('10.0.0.7');
          expect(error.message.length).toBeGreaterThan(10);
        }
      }
    });

    const quoted = 'what the caller said '.repeat(5000);
    const tooLong = "This model's maximum context length is 8192 tokens.";
    const long: readonly (readonly [what: string, body: unknown, fault: Fault])[] = [
      [
        'FastAPI',
        { detail: [{ loc: ['body', 'messages'], msg: tooLong, input: quoted }] },
        'context_too_long',
      ],
      ['fields behind it', { error: { message: tooLong, input: [quoted] } }, 'context_too_long'],
      ['a code', { error: { code: 'context_length_exceeded', raw: quoted } }, 'context_too_long'],
      ['the sentence itself', { error: { message: `${tooLong} ${quoted}` } }, 'context_too_long'],
      [
        'vLLM',
        { object: 'error', message: `[{'msg': '${tooLong}', 'input': '${quoted}` },
        'context_too_long',
      ],
      ['no JSON', `${tooLong} ${quoted}`, 'context_too_long'],
      [
        'what looks like an error',
        { error: { code: 1, input: [{ message: 'Incorrect API key provided' }, quoted] } },
        'invalid_request',
      ],
      ['nothing but a request', { input: [{ message: tooLong }, quoted] }, 'invalid_request'],
      ['a page', `<html>${tooLong} ${quoted}</html>`, 'invalid_request'],
    ];

    it.each(long)(
      'reads the words before 100 KB of a quoted request: %s',
      async (_, body, fault) => {
        test.upstream.script(failsWith(400, body));
        for (const error of [await failure(test.open()), await failure(test.complete())]) {
          expect(error.fault).toBe(fault);
          expect(error.message.length).toBeLessThanOrEqual(2000);
        }
      },
    );

    it('does with the status when the body breaks off or is never finished', async () => {
      for (const then of ['cut', 'reset', 'stall'] as const) {
        test.upstream.script(async (exchange) => {
          exchange.open('application/json', {}, 503);
          await exchange.write('{"error":{"mess');
          if (then !== 'stall') exchange[then]();
        });
        const error = await failure(test.open());
        expect([then, error.fault, error.upstream.status]).toEqual([
          then,
          'upstream_unavailable',
          503,
        ]);
      }
    });
  });
}

function nameOf({ status, message, headers, code, type, fault }: Refusal): string {
  const details = [
    status,
    code,
    type,
    message && `"${message}"`,
    headers && JSON.stringify(headers),
  ];
  return `${details.filter(Boolean).join(' ')} for ${fault}`;
}
