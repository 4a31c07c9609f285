import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type LogEvent, readableLine } from './readable-line.js';

const AT = new Date(2026, 10, 27, 14, 3, 59, 120);

function line(event: Partial<LogEvent>): string {
  const whole: LogEvent = { at: AT, level: 'info', context: '', message: '', fields: {}, ...event };
  return stripVTControlCharacters(readableLine(whole));
}

const STREAM = {
  requestId: 'req-1',
  streamId: 's',
  caller: 'team-a',
  model: 'gpt-4o',
  target: 'openai/gpt-4o-2024',
  endReason: 'completed',
  finishReason: 'stop',
  durationMs: 3412,
  timeToFirstContentMs: 412,
  outputTokens: 121,
  longestGapMs: 412,
  longestGapOn: 'first_content',
  attempts: [{ target: 'openai/gpt-4o-2024', outcome: 'ok', status: 200, ms: 3400 }],
};

describe('A line for people', () => {
  it('says of a stream what one asks first', () => {
    const message = 'generation ended: completed';
    expect(line({ context: 'Generation', message, fields: STREAM })).toBe(
      '14:03:59.120 INFO  Generation gpt-4o ← openai/gpt-4o-2024  completed  first 412 ms  40 tokens/s  took 3.4 s  121 tokens  team-a  req-1',
    );
  });

  it('says what went wrong before, and who was waited for', () => {
    const attempts = [
      { target: 'openai/gpt-4o', outcome: 'rate_limited', status: 429, code: 'slow', ms: 20 },
      ...STREAM.attempts,
    ];
    const gap = { longestGapMs: 12_345, longestGapOn: 'upstream' };
    const text = line({ fields: { ...STREAM, ...gap, attempts } });
    expect(text).toContain('openai/gpt-4o rate_limited 429 slow');
    expect(text).toContain('waited 12.3 s for upstream');
  });

  it('says how a failed one ended', () => {
    const fields = {
      requestId: 'r',
      streamId: 's',
      caller: 'a',
      model: 'gpt',
      durationMs: 30,
      endReason: 'upstream_error',
      fault: 'upstream_unavailable',
      contentParts: 0,
      attempts: [
        {
          target: 'x/gpt',
          outcome: 'upstream_unavailable',
          cause: 'ECONNREFUSED',
        },
      ],
    };
    expect(line({ level: 'warn', fields })).toBe(
      '14:03:59.120 WARN  gpt ← nobody  upstream_error  (upstream_unavailable)  took 30 ms  x/gpt upstream_unavailable ECONNREFUSED  a  r',
    );
  });

  it('has the words and the fields of any other event', () => {
    const fields = { signal: 'SIGTERM', running: 3 };
    expect(line({ context: 'Drain', message: 'draining', fields })).toBe(
      '14:03:59.120 INFO  Drain draining  signal=SIGTERM running=3',
    );
  });

  it('has the frames of a bug below it', () => {
    const fields = { requestId: 'r', stack: ['TypeError', 'at x (y.js:1:2)'] };
    expect(line({ level: 'error', message: 'request failed', fields })).toBe(
      '14:03:59.120 ERROR request failed  requestId=r\n    TypeError\n    at x (y.js:1:2)',
    );
  });

  it.each([
    '\n14:00:00.000 INFO  forged',
    '\r',
    '\u001b[2J',
    '\u2028',
    '\u202E',
    '\u0007',
    '\u009b',
  ])('is one line that moves no cursor, whatever a name holds: %j', (evil) => {
    const fields = { ...STREAM, model: `gpt${evil}`, requestId: evil };
    for (const text of [
      readableLine({ at: AT, level: 'info', context: '', message: '', fields }),
      readableLine({ at: AT, level: 'info', context: '', message: evil, fields: { evil } }),
    ]) {
      expect(stripVTControlCharacters(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(text).not.toContain(evil);
    }
  });
});
