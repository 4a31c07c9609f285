import { describe, expect, it } from 'vitest';
import { banner } from '../../src/banner.js';
import { bootFacts } from '../../src/boot-facts.js';
import { parseConfig } from '../../src/config/load/load-config.js';
import { accessKey } from '../support/access-key.js';

const BACKENDS = [{ id: 'a', kind: 'ollama', baseUrl: 'http://127.0.0.1:1' }];
const KEY = accessKey('team-a').entry;
const OPERATOR = { ...accessKey('operator').entry, admin: true };

function boot(source: object = {}, ports: { adminPort?: number } = {}) {
  const models = [{ id: 'm', targets: ['a/m'] }];
  const config = parseConfig({ backends: BACKENDS, models, ...source });
  const facts = bootFacts(config, { file: 'sluice.yaml', port: 3000, adminPort: ports.adminPort });
  return { facts, text: banner(facts, config) };
}

describe('the boot lines', () => {
  it('say what a person needs, in the order in which they do', () => {
    expect(boot().text).toBe(`
Sluice listens on http://127.0.0.1:3000
  config   sluice.yaml
  models   m
  callers  anybody who reaches the port, without a key
  OpenAI   http://127.0.0.1:3000/v1
  browser  http://127.0.0.1:3000/chat?message=Hello
  admin    http://127.0.0.1:3000/admin  from this machine
  metrics  http://127.0.0.1:3000/metrics
  docs     http://127.0.0.1:3000/docs

Try it:
  curl -N "http://127.0.0.1:3000/chat?message=Hello"
  curl -N "http://127.0.0.1:3000/v1/chat/completions" -H "content-type: application/json" -d '{"model":"m","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
  curl "http://127.0.0.1:3000/v1/models"
`);
  });

  it('have a key in everything to try where one is needed', () => {
    const { text } = boot({ access: { mode: 'keys', keys: [KEY] } });
    const curls = text.split('\n').filter((line) => line.includes('curl '));
    expect(curls).toHaveLength(3);
    for (const curl of curls) expect(curl).toContain(' -H "authorization: Bearer $SLUICE_KEY"');
    expect(text).toContain('  callers  1 key\n');
    expect(text).toContain('SLUICE_KEY is a key to Sluice: "npm run key" makes one');
    expect(text).not.toContain('browser');
    expect(text).toContain('/docs  with a key\n');
  });

  it.each([
    ['without access', {}, 'this machine', 'everybody'],
    ['with a key for operators', { access: { keys: [OPERATOR] } }, 'admin key', 'everybody'],
    ['with keys of callers', { access: { mode: 'keys', keys: [KEY] } }, 'nobody', 'nobody'],
    [
      'with keys of both',
      { access: { mode: 'keys', keys: [KEY, OPERATOR] } },
      'admin key',
      'admin key',
    ],
    [
      'beyond this machine, open to all',
      { server: { host: '0.0.0.0' }, access: { allowOpen: true } },
      'nobody',
      'everybody',
    ],
  ])('say who may open what operators need %s', (_, source, adminFor, metricsFor) => {
    expect(boot(source).facts).toMatchObject({ adminFor, metricsFor });
  });

  it('name the port for operators where there is one', () => {
    const access = { mode: 'keys', keys: [KEY] };
    const { facts, text } = boot({ server: { adminPort: 0 }, access }, { adminPort: 4000 });
    expect(facts).toMatchObject({ adminFor: 'this machine', metricsFor: 'everybody' });
    expect(text).toContain('  admin    http://127.0.0.1:4000/admin  from this machine\n');
    expect(text).toContain('  metrics  http://127.0.0.1:4000/metrics\n');
    const server = { adminPort: 0, adminHost: '0.0.0.0' };
    expect(boot({ server, access }, { adminPort: 4000 }).facts.adminFor).toBe('nobody');
  });

  it('shorten many models, and leave out those that nobody can ask for', () => {
    const models = Array.from({ length: 20 }, (_, n) => ({
      id: `m${n}`,
      targets: ['a/m'],
      disabled: n === 1,
    }));
    const { text } = boot({ models });
    expect(text).toContain(
      '  models   m0, m2, m3, m4, m5, m6, m7, m8, and 11 more: http://127.0.0.1:3000/v1/models\n',
    );
  });

  it('say what is sound and yet odd', () => {
    const { text, facts } = boot({
      server: { host: '0.0.0.0' },
      access: { allowOpen: true },
      streams: { answerMs: 900_000 },
      models: [
        { id: 'm', targets: ['a/m'] },
        { id: 'off', targets: [{ backend: 'a', model: 'm', disabled: true }] },
      ],
    });
    expect(facts.warnings).toEqual([
      'whoever reaches 0.0.0.0 may call: access.mode is open',
      'm: answerMs of its targets add up to 900 s, more than totalMs (600 s)',
      'off: whatever answers for it is disabled',
    ]);
    for (const warning of facts.warnings) expect(text).toContain(`  warning  ${warning}\n`);
  });

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:3000'],
    ['::', 'http://[::1]:3000'],
    ['::1', 'http://[::1]:3000'],
    ['sluice.internal', 'http://sluice.internal:3000'],
  ])('lead from %s to an address that works here', (host, url) => {
    const { facts, text } = boot({ server: { host }, access: { allowOpen: true } });
    expect(facts).toMatchObject({ url, host });
    expect(text.includes('and every other interface')).toBe(['0.0.0.0', '::'].includes(host));
  });
});
