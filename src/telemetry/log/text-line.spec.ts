import { stripVTControlCharacters, styleText } from 'node:util';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../contract/gateway-error.js';
import { type Paint, unpainted } from './paint.js';
import { type AttemptReport, type StreamReport } from '../stream-report.js';
import { type LogEvent, textLine } from './text-line.js';

const AT = new Date(2026, 10, 27, 1, 2, 3, 45);
const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });

function line(event: Partial<LogEvent>, paint = unpainted): string {
  return textLine({ at: AT, level: 'info', context: 'Config', message: 'm', ...event }, paint);
}

const ATTEMPT: AttemptReport = {
  target: 'openai/gpt-4o-2024',
  outcome: 'ok',
  status: 200,
  ms: 900,
};
const REPORT: StreamReport = {
  requestId: 'req-1',
  streamId: 's',
  caller: 'anonymous',
  address: '127.0.0.1',
  dialect: 'chat-completions',
  model: 'gpt-4o',
  target: 'openai/gpt-4o-2024',
  streaming: true,
  endReason: 'completed',
  durationMs: 2300,
  timeToFirstContentMs: 300,
  inputTokens: 9,
  outputTokens: 100,
  contentParts: 100,
  waitedMs: { upstream: 2000 },
  longestGapMs: 40,
  longestGapOn: 'upstream',
  attempts: [ATTEMPT],
};

function generation(fields: Partial<StreamReport> = {}, paint = unpainted): string {
  const params = { ...REPORT, ...fields };
  return line({ context: 'Generation', message: 'generation ended: x', params }, paint);
}

describe('the line of a generation for people', () => {
  it('says who answered, how it ended, how fast it was and how long it is', () => {
    expect(generation()).toBe(
      '01:02:03.045 info  gpt-4o ← openai/gpt-4o-2024  completed  first token 300 ms  50.0 tokens/s  2.3 s  9 in, 100 out tokens  req-1\n',
    );
  });

  it('names the caller where it is known, what it cost, and how long it waited for room', () => {
    const text = generation({ caller: 'team-a', costUsd: 0.00012, queuedMs: 1200 });
    expect(text).toContain('  $0.00012  queued 1.2 s  caller team-a  ');
  });

  it('has no rate where nobody knows when the answer began, counted it, or where it came at once', () => {
    expect(generation({ streaming: false })).not.toContain('tokens/s');
    expect(generation({ durationMs: 350 })).not.toContain('tokens/s');
    expect(generation({ timeToFirstContentMs: undefined })).not.toMatch(/tokens\/s|first token/);
    const uncounted = generation({ inputTokens: 0, outputTokens: 0 });
    expect(uncounted).not.toContain('tokens/s');
    expect(uncounted).toContain('  100 parts  ');
  });

  it.each([
    [1000, 'longest wait 1.0 s on upstream'],
    [3100, 'longest wait 3.1 s on upstream'],
    [250_000, 'longest wait 4 min 10 s on upstream'],
  ])('says who was waited for %i ms at once', (longestGapMs, words) => {
    expect(generation({ longestGapMs })).toContain(`  ${words}  `);
  });

  it('says nothing of waits that are shorter, or that nobody measured', () => {
    expect(generation({ longestGapMs: 999 })).not.toContain('longest');
    expect(generation({ longestGapMs: undefined })).not.toContain('longest');
  });

  it('says what failed, with the status and the words of the upstream, and what can be done', () => {
    const refused: AttemptReport = {
      ...ATTEMPT,
      outcome: 'upstream_credentials',
      status: 401,
      code: 'invalid_api_key auth',
    };
    expect(
      generation({
        endReason: 'upstream_error',
        fault: 'upstream_credentials',
        target: undefined,
        timeToFirstContentMs: undefined,
        inputTokens: undefined,
        outputTokens: undefined,
        contentParts: 0,
        attempts: [refused, refused],
      }),
    ).toBe(
      `01:02:03.045 info  gpt-4o ← openai/gpt-4o-2024  upstream_error  2.3 s  2 × openai/gpt-4o-2024 failed: upstream_credentials (401, "invalid_api_key auth")  req-1  → correct the backend's apiKey\n`,
    );
  });

  it('names a fault that no attempt failed with', () => {
    expect(generation({ endReason: 'overloaded', fault: 'overloaded' })).toMatch(
      / {2}overloaded .*→ raise limits, or run more replicas\n$/,
    );
  });

  it('has the targets that failed before another answered, and what was taken up', () => {
    const limited: AttemptReport = { ...ATTEMPT, outcome: 'rate_limited', status: 429 };
    const text = generation({
      target: 'ollama/llama3',
      attempts: [limited, ATTEMPT],
      recoveries: ['continued'],
    });
    expect(text).toContain('gpt-4o ← ollama/llama3  completed  ');
    expect(text).toContain('  openai/gpt-4o-2024 failed: rate_limited (429)  recovery continued  ');
  });

  it('stays one line, and paints nothing, whatever callers and upstreams put into it', () => {
    const nasty = '\u001b[2J\r\n01:02:03.045 info  gpt-4o ← x\u009b1A\u2028\u202e';
    const text = generation({
      model: nasty,
      target: nasty,
      caller: nasty,
      requestId: nasty,
      attempts: [{ ...ATTEMPT, target: nasty, outcome: 'upstream_cut', code: nasty, said: nasty }],
    });
    expect(text.split('\n')).toHaveLength(2);
    expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    // In quotes it is seen to be one name.
    expect(text).toMatch(/^01:02:03\.045 info {2}"\\u001b\[2J/);
  });

  it('has the same words in colours', () => {
    const text = generation({}, coloured);
    expect(text).toContain('\u001b[32mcompleted\u001b[39m');
    expect(stripVTControlCharacters(text)).toBe(generation());
  });
});

describe('any other line for people', () => {
  it('says where, what, and every field', () => {
    const params = {
      file: 'a b.yaml',
      running: 3,
      changed: ['backends', 'models[0].id'],
      nested: { a: 1 },
      ended: null,
    };
    expect(line({ message: 'read again', params })).toBe(
      '01:02:03.045 info  Config  read again  file="a b.yaml"  running=3  changed=backends, models[0].id  nested={"a":1}  ended=null\n',
    );
  });

  it('says what can be done where it has a fault', () => {
    const params = { target: 'openai/gpt-4o', state: 'open', fault: 'quota_exhausted' };
    expect(line({ level: 'warn', message: 'breaker opened', params })).toBe(
      '01:02:03.045 warn  Config  breaker opened  target=openai/gpt-4o  state=open  fault=quota_exhausted  → top up the account at the provider\n',
    );
    expect(line({ params: { fault: 'toString' } })).not.toContain('→');
  });

  it('has frames below it, for a bug alone', () => {
    const text = line({ level: 'error', params: { stack: ['TypeError', 'at x (y.js:1:1)'] } });
    expect(text).toBe('01:02:03.045 error Config  m\n    TypeError\n    at x (y.js:1:1)\n');
    const { stack } = new GatewayError('internal', 'x');
    expect(line({ stack })).toMatch(/\n {4}at .*text-line\.spec/);
  });

  it('stays one line whatever is in it', () => {
    const nasty = 'x\u001b]0;title\u0007\n\u2029y';
    const params = { [nasty]: nasty, list: [nasty], deep: { [nasty]: nasty } };
    const text = line({ context: nasty, message: nasty, params });
    expect(text.split('\n')).toHaveLength(2);
    expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});
