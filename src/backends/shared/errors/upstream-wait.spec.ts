import { describe, expect, it } from 'vitest';
import { resetMsOf, parseRetryAfterMs, waitIn, waitSaid } from './upstream-wait.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

describe('parseRetryAfterMs', () => {
  it.each([
    ['milliseconds', { 'retry-after-ms': '1500', 'retry-after': '9' }, 1500],
    ['seconds', { 'retry-after': '0.5' }, 500],
    ['a duration', { 'retry-after': '1m30s' }, 90_000],
    ['a date', { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60_000],
    ['a date in ISO form', { 'retry-after': '2026-01-01T00:00:07Z' }, 7000],
    ['a date of the past', { 'retry-after': 'Thu, 01 Jan 2025 00:00:00 GMT' }, 0],
    ['one of several', { 'retry-after': ['2', '7'] }, 2000],
    ['more than a month', { 'retry-after': '99999999999' }, 30 * 24 * 3_600_000],
    ['nonsense', { 'retry-after': 'soon', 'retry-after-ms': '-1' }, undefined],
    ['nothing', {}, undefined],
  ])('reads %s', (_, headers, ms) => {
    expect(parseRetryAfterMs(headers, NOW)).toBe(ms);
  });
});

/** When a limit of a kind is lifted, and what is left of it. */
function reset(kind: string, after: string, remaining?: string): Record<string, string> {
  return {
    [`x-ratelimit-reset-${kind}`]: after,
    ...(remaining !== undefined && { [`x-ratelimit-remaining-${kind}`]: remaining }),
  };
}

describe('resetMsOf', () => {
  it.each<[string, Record<string, string>, string | undefined, number | undefined]>([
    [
      'the limit that is used up',
      { ...reset('requests', '6m0s', '99'), ...reset('tokens', '20ms', '0') },
      undefined,
      20,
    ],
    [
      'the limit that the error names',
      { ...reset('requests', '1s'), ...reset('tokens', '7.66s') },
      'tokens',
      7660,
    ],
    ['the only one there is', reset('requests', '1m30s'), undefined, 90_000],
    [
      'the longer of two that may be used up',
      { ...reset('requests', '1s'), ...reset('tokens', '3s') },
      undefined,
      3000,
    ],
    ['none that has something left', reset('requests', '6m0s', '99'), undefined, undefined],
    ['a moment in milliseconds', { 'x-ratelimit-reset': String(NOW + 5000) }, undefined, 5000],
    ['a moment in seconds', { 'x-ratelimit-reset': String(NOW / 1000 + 5) }, undefined, 5000],
    ['a number of seconds', { 'x-ratelimit-reset': '12' }, undefined, 12_000],
    ['a moment of the past', { 'x-ratelimit-reset': String(NOW - 5000) }, undefined, 0],
    [
      'a date',
      {
        'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:09Z',
        'anthropic-ratelimit-requests-remaining': '0',
      },
      undefined,
      9000,
    ],
    ['nothing', {}, undefined, undefined],
  ])('reads %s', (_, headers, kind, ms) => {
    expect(resetMsOf(headers, kind, NOW)).toBe(ms);
  });
});

describe('waitIn', () => {
  it.each([
    ['retryDelay', { retryDelay: '27s' }, 27_000],
    ['a fraction of it', { retryDelay: '34.074824224s' }, 34_075],
    ['retry_after', { retry_after: 3 }, 3000],
    ['retry_after_ms', { retry_after_ms: 250 }, 250],
    ['headers of its provider', { headers: { 'X-RateLimit-Reset': NOW + 4000 } }, 4000],
    ['none', { retryDelay: 'soon', retry_after: -1, headers: 'x' }, undefined],
  ])('reads %s', (_, json, ms) => {
    expect(waitIn(json, NOW)).toBe(ms);
  });
});

describe('waitSaid', () => {
  it.each([
    ['Rate limit reached for gpt-4o. Please try again in 7.66s. Visit https://x.test', 7660],
    ['Limit 30000, Used 29000, Requested 2000. Please try again in 20ms.', 20],
    ['Please try again in 1m3.5s. Need more tokens?', 63_500],
    ['Please retry in 27.300482718s.', 27_301],
    ['Please retry after 6 seconds. To increase your default rate limit visit', 6000],
    ['You can retry after 1 minute', 60_000],
    ['Too many requests, please wait before trying again.', undefined],
    ['Please try again in a moment', undefined],
    ['retry with 3 messages', undefined],
  ])('reads "%s"', (sentence, ms) => {
    expect(waitSaid(sentence)).toBe(ms);
  });
});
