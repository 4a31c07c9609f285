import { describe, expect, it } from 'vitest';
import { banner, startedLine } from './banner.js';
import { parseConfig } from './config/load/load-config.js';

const HASH = `sha256:${'ab'.repeat(32)}`;

function configOf(fields: object = {}) {
  const backends = [{ id: 'a', kind: 'openai', baseUrl: 'http://a/v1' }];
  return parseConfig({ backends, models: [{ id: 'm', targets: ['a/m'] }], ...fields });
}

describe('What a person reads who starts Sluice', () => {
  it('says where it is, what holds and what to try', () => {
    const text = banner({ config: configOf(), file: '/etc/sluice.yaml', port: 3000 });
    for (const line of [
      'Sluice listens on http://127.0.0.1:3000',
      '  config   /etc/sluice.yaml',
      '  callers  anybody who reaches the port, without a key',
      '  models   m',
      '  admin    http://127.0.0.1:3000/admin',
      '  curl -N "http://127.0.0.1:3000/chat?message=Hello"',
      '  curl "http://127.0.0.1:3000/v1/models"',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).not.toContain('sandbox');
  });

  it('has commands that work where a key is needed', () => {
    const keys = [{ id: 'a', hashes: [HASH] }];
    const text = banner({
      config: configOf({ access: { mode: 'keys', keys } }),
      file: 'f',
      port: 1,
    });
    const commands = text.split('\n').filter((line) => line.includes('curl'));
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      expect(command).toContain('-H "authorization: Bearer $SLUICE_KEY"');
    }
    expect(text).toContain('  callers  1 key\n');
    expect(text).toContain('npm run key');
  });

  it('leads operators to the port that is theirs', () => {
    const server = { host: '::1', adminPort: 9090 };
    const text = banner({ config: configOf({ server }), file: 'f', port: 3000 });
    expect(text).toContain('Sluice listens on http://[::1]:3000\n');
    expect(text).toContain('  admin    http://127.0.0.1:9090/admin\n');
    expect(text).toContain('  metrics  http://127.0.0.1:9090/metrics\n');
  });

  it('does not list a hundred models', () => {
    const models = Array.from({ length: 100 }, (_, n) => ({ id: `m${n}`, targets: ['a/m'] }));
    const text = banner({ config: configOf({ models }), file: 'f', port: 1 });
    expect(text).toContain('  models   m0, m1, m2, m3, m4, m5, m6, m7 and 92 more\n');
  });
});

it('A machine that collects the log gets the same as fields', () => {
  const config = configOf();
  expect(startedLine({ config, file: 'f', port: 3000 })).toEqual({
    url: 'http://127.0.0.1:3000',
    config: 'f',
    sha256: config.sha256,
    access: 'open',
    models: 1,
  });
});
