import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { SluiceProcess } from '../support/sluice-process.js';

describe('node dist/main.js --check', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What it prints about a file with this text, and its exit code. */
  async function check(
    text: string,
    env: Record<string, string> = {},
    args?: readonly string[],
  ): Promise<[output: string, code: number | null]> {
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, text);
    const sluice = SluiceProcess.spawn(env, args ?? ['--check', file]);
    const code = await sluice.exit();
    const output = sluice.output
      .replaceAll(folder, '')
      .replaceAll(/known here are: .*/g, 'known here are: …');
    return [output, code];
  }

  it('tells every fault of a file with its path and its line, and exits with 1', async () => {
    const [output, code] = await check(`
server:
  prot: 1
backends:
  - id: a
    kind: openai
    baseUrl: http://a
    apiKey: \${NOT_SET}
  - { id: b, kind: opanai }
models:
  - id: m
    targets:
      - a/m
      - c/m
  - targets: [a/m]
shared: &waits { idleMs: 0 }
streams: *waits
`);
    expect(output).toBe(`Sluice cannot start with /sluice.yaml:
  backends[0].apiKey (line 8): the environment variable NOT_SET is not set: set it (in .env, too), or give a default with \${NOT_SET:-}
  backends[1].baseUrl (line 9): is missing: write its URL, or add "sandbox: {}" to the file to try without one
  backends[1].kind (line 9): must be one of: openai, ollama, anthropic
  models[0].targets[1] (line 14): no backend has the id "c"
  models[1].id (line 15): is missing: it must be a text of one line that is not empty, in quotes if it is a number
  server.prot (line 3): is not a known key; known here are: …
  shared (line 16): is not a known key; known here are: …
  streams.idleMs (line 16): must be a whole number of milliseconds, from 1 to 2147483647
`);
    expect(code).toBe(1);
  });

  it('tells what becomes of models and targets, masks what may be secret, and exits with 0', async () => {
    const [output, code] = await check(
      `
backends:
  - { id: a, kind: openai, baseUrl: 'http://a/v1', apiKey: '\${KEY}', headers: { x-k: sk-hush }, query: { code: sk-hush } }
  - { id: b, kind: ollama, baseUrl: 'http://b', disabled: true, limits: { streams: 4 } }
models:
  - { id: m, targets: [a/x, b/y, { backend: a, model: z, priority: 1, weight: 2, retry: { limit: 0 } }], streams: { totalMs: 200000 } }
  - { id: off, targets: [b/y] }
  - { id: any/*, targets: [a/*], disabled: true, recovery: always }
streams: { idleMs: 1500, firstTokenMs: 90000 }
`,
      { KEY: 'sk-hush' },
    );
    expect(output).toBe(`/sluice.yaml is sound.

Callers
  open: whoever reaches it
  limits are counted in each process
  usage is kept nowhere

Backends
  a: openai at http://a/v1, apiKey ***, header x-k ***, query code ***
  b: ollama at http://b, 4 streams at once, DISABLED

Models, with their targets in the order in which they are asked
  m (the default, commit after 25 s, heartbeat 15 s, total 200 s)
    1. a/x: first token 90 s, idle 1.5 s, whole answer 300 s, asked again 1×
    2. a/z: first token 90 s, idle 1.5 s, whole answer 300 s
    -  b/y: DISABLED
  off (commit after 25 s, heartbeat 15 s, total 600 s)
    -  b/y: DISABLED
  any/* (DISABLED, commit after 25 s, heartbeat 15 s, total 600 s, recovery always)
    1. a/*: first token 90 s, idle 1.5 s, whole answer 300 s, asked again 1×

Warnings
  m: answerMs of its targets add up to 600 s, more than totalMs (200 s)
  off: whatever answers for it is disabled
`);
    expect(code).toBe(0);
  });

  it('tells who may call and where what is counted is kept, and shows no secret', async () => {
    const [key, operator] = [accessKey('team-a'), accessKey('ops')];
    const keys = [
      { ...key.entry, limits: { requestsPerMinute: 5 } },
      { ...operator.entry, admin: true, disabled: true, expiresAt: '2020-01-01T00:00:00Z' },
    ];
    const [output, code] = await check(
      JSON.stringify({
        access: { mode: 'keys', keys },
        backends: [{ id: 'a', kind: 'ollama', baseUrl: 'http://a' }],
        models: [{ id: 'm', targets: ['a/x'] }],
        redis: { url: 'redis://user:sk-hush@redis' },
        usage: { url: 'postgres://user:sk-hush@db/x' },
      }),
    );
    expect(output).toContain(`Callers
  mode keys
  2 keys, 1 for operators, 1 with limits of their own, 1 disabled, 1 expired
  limits are counted in Redis, which was not asked
  usage is kept in PostgreSQL, which was not asked
`);
    expect(output).not.toMatch(/sk-hush|sha256/);
    expect(code).toBe(0);
  });

  it('checks the file that SLUICE_CONFIG names when none is given, and asks no network', async () => {
    const file = join(folder, 'sluice.yaml');
    const text = `{ backends: [{ id: a, kind: openai, baseUrl: 'http://nobody.invalid' }], models: [{ id: m, targets: [a/m] }] }`;
    const [output, code] = await check(text, { SLUICE_CONFIG: file }, ['--check']);
    expect(output).toContain('/sluice.yaml is sound.');
    expect(code).toBe(0);
  });

  it('names the line and column of what is not YAML', async () => {
    const [output, code] = await check('backends: [\n');
    expect(output).toContain('/sluice.yaml:2:1: ');
    expect(code).toBe(1);
  });
});
