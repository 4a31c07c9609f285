import { describe, expect, it } from 'vitest';
import { type LogConfig, LOG_LEVELS } from '../../config/schema/log-config.js';
import { GatewayLogger, isText } from './logger.js';
import { unpainted } from './paint.js';

function written(settings: Partial<LogConfig>, act: (logger: GatewayLogger) => void) {
  const lines: [stream: string, text: string][] = [];
  const { level = 'info', format = 'auto' } = settings;
  act(
    new GatewayLogger(
      (stream, text) => lines.push([stream, text]),
      { level, format },
      () => unpainted,
    ),
  );
  return lines;
}

function sayAll(logger: GatewayLogger): void {
  logger.error('broken', { n: 1 }, 'Here');
  logger.warn('odd', { n: 2 }, 'Here');
  logger.log('done', { n: 3 }, 'Here');
  logger.debug('detail', { n: 4 }, 'Here');
}

function sayWiring(logger: GatewayLogger): void {
  logger.log('Mapped {/x, GET} route', 'RouterExplorer');
}

describe('the log', () => {
  it('is JSON in exactly these fields, one line for each event, errors on standard error', () => {
    const lines = written({ format: 'json', level: 'debug' }, sayAll);
    expect(lines.map(([stream]) => stream)).toEqual(['stderr', 'stdout', 'stdout', 'stdout']);
    expect(lines.every(([, text]) => /^\{[^\n]*\}\n$/.test(text))).toBe(true);
    const [, , done] = lines.map(([, text]) => JSON.parse(text) as Record<string, unknown>);
    expect(Object.keys(done!)).toEqual(['level', 'timestamp', 'pid', 'message', 'context', 'n']);
    expect(done).toEqual({
      level: 'info',
      pid: process.pid,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      message: 'done',
      context: 'Here',
      n: 3,
    });
    const ageMs = Date.now() - Date.parse(done!['timestamp'] as string);
    expect(ageMs).toBeGreaterThanOrEqual(0);
    expect(ageMs).toBeLessThan(60_000);
  });

  it('keeps what is ours where a field of an event is called the same', () => {
    const [[, text] = []] = written({ format: 'json' }, (logger) =>
      logger.log(
        'm',
        { level: 'x', timestamp: 0, message: 'y', model: 'a\nb\u001b[2J\u009b' },
        'C',
      ),
    );
    expect(JSON.parse(text!)).toMatchObject({
      level: 'info',
      message: 'm',
      model: 'a\nb\u001b[2J\u009b',
    });
    expect(text!.trimEnd()).not.toMatch(/\p{Cc}/u);
  });

  it('is a line for people where that is wanted', () => {
    const lines = written({ format: 'text' }, sayAll);
    expect(lines.map(([stream, text]) => [stream, text.replace(/^[\d:.]{12} /, '')])).toEqual([
      ['stderr', 'error Here  broken  n=1\n'],
      ['stdout', 'warn  Here  odd  n=2\n'],
      ['stdout', 'info  Here  done  n=3\n'],
    ]);
  });

  it.each(LOG_LEVELS.map((level, index) => ({ level, said: LOG_LEVELS.slice(0, index + 1) })))(
    'says $said at level $level',
    ({ level, said }) => {
      const lines = written({ format: 'json', level }, sayAll);
      const levels = lines.map(([, text]) => (JSON.parse(text) as { level: string }).level);
      expect(levels).toEqual(said);
    },
  );

  it('follows other settings at once', () => {
    const lines = written({ format: 'json', level: 'error' }, (logger) => {
      logger.log('not said');
      logger.follow({ format: 'text', level: 'info' });
      logger.log('said', 'Here');
    });
    expect(lines.map(([, text]) => text)).toEqual([
      expect.stringMatching(/ info {2}Here {2}said\n$/),
    ]);
  });

  it('tells of the wiring at level debug only', () => {
    expect(written({ format: 'json' }, sayWiring)).toEqual([]);
    expect(written({ format: 'json', level: 'debug' }, sayWiring)).toHaveLength(1);
  });

  it.each([
    ['auto', true, true],
    ['auto', false, false],
    ['text', false, true],
    ['json', true, false],
  ] as const)('with format %s and a terminal %s is for people: %s', (format, isTerminal, is) => {
    expect(isText({ format, level: 'info' }, isTerminal)).toBe(is);
  });
});
