import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigSource } from './config-source.js';
import { parseConfig } from './load-config.js';
import { parseYaml } from './yaml.js';

const SHIPPED = resolve(import.meta.dirname, '../../../config');
const YAML = `
backends: [{ id: a, kind: ollama, baseUrl: http://a }]
models: [{ id: m, targets: [a/m] }]
`;

const loadConfig = (fallbackFile?: string, env: NodeJS.ProcessEnv = {}) =>
  ConfigSource.inEnvironment(fallbackFile, env).load();

/** A working directory without anybody's `.env`. */
const before = process.cwd();
beforeEach(() => process.chdir(mkdtempSync(join(tmpdir(), 'sluice-'))));
afterEach(() => process.chdir(before));

const messageOf = (env: NodeJS.ProcessEnv, fallbackFile?: string): string => {
  try {
    loadConfig(fallbackFile, env);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('The configuration was accepted.');
};

describe('loading the configuration', () => {
  it('reads the file that SLUICE_CONFIG names', () => {
    writeFileSync('a.yaml', YAML);
    expect(loadConfig('b.yaml', { SLUICE_CONFIG: 'a.yaml' }).defaultModel).toBe('m');
  });

  it('reads the other file when SLUICE_CONFIG is not set, or empty', () => {
    writeFileSync('b.yaml', YAML);
    expect(loadConfig('b.yaml', {}).defaultModel).toBe('m');
    expect(loadConfig('b.yaml', { SLUICE_CONFIG: '' }).defaultModel).toBe('m');
  });

  it('lets .env say what the environment does not', () => {
    writeFileSync('.env', 'SLUICE_CONFIG=a.yaml\nPORT=1\nHOST=file.localhost\n');
    writeFileSync('a.yaml', YAML);
    expect(loadConfig(undefined, { PORT: '2' }).server).toMatchObject({
      port: 2,
      host: 'file.localhost',
    });
  });

  it('leaves the environment as it was', () => {
    writeFileSync('.env', 'SLUICE_CONFIG=a.yaml');
    writeFileSync('a.yaml', YAML);
    const env = {};
    loadConfig(undefined, env);
    expect(env).toEqual({});
    expect(process.env).not.toHaveProperty('SLUICE_CONFIG');
  });
});

describe('what cannot be loaded', () => {
  it('is nothing: the message says what to write, and it works as it stands', () => {
    const message = messageOf({});
    expect(message).toContain('SLUICE_CONFIG: is not set');
    expect(message).toContain('SLUICE_CONFIG=config/openai-ollama.yaml node dist/main.js');
    const example = message.slice(message.indexOf('    backends:')).replaceAll(/^ {4}/gm, '');
    expect(parseConfig(parseYaml(example).value).models).toHaveLength(1);
  });

  it('is a file that is not there', () => {
    expect(messageOf({ SLUICE_CONFIG: 'nope.yaml' })).toBe(
      `Sluice cannot start with nope.yaml:\n  nope.yaml: there is no such file; looked for ${resolve('nope.yaml')}`,
    );
  });

  it('is a directory', () => {
    expect(messageOf({ SLUICE_CONFIG: '.' })).toContain('cannot be read (no regular file)');
  });

  it('is an empty file', () => {
    writeFileSync('a.yaml', '# to be written\n');
    expect(messageOf({}, 'a.yaml')).toMatch(
      /a\.yaml: is empty\. The smallest one is:\n\n +backends:/,
    );
  });

  it('is a file that is not YAML', () => {
    writeFileSync('a.yaml', 'backends:\n  - apiKey: sk: hush\n');
    const message = messageOf({}, 'a.yaml');
    expect(message).toContain('a.yaml:2:13: ');
    expect(message).not.toContain('hush');
  });

  it('is a file with faults, whose name is in the message', () => {
    writeFileSync('a.yaml', `${YAML}\nports: 1`);
    expect(messageOf({}, 'a.yaml')).toMatch(
      /^Sluice cannot start with a\.yaml:\n {2}ports \(line 5\): /,
    );
  });

  it('is a key that would reach the prototype of every object', () => {
    writeFileSync('a.yaml', `${YAML}\n__proto__: { polluted: true }`);
    expect(messageOf({}, 'a.yaml')).toContain('__proto__ (line 5): is not allowed as a key');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('is a .env that cannot be read', () => {
    writeFileSync('a.yaml', YAML);
    mkdirSync('.env');
    expect(messageOf({}, 'a.yaml')).toContain('.env: cannot be read (EISDIR)');
  });
});

describe('the shipped configurations', () => {
  it('sandbox.yaml needs nothing from the environment', () => {
    const config = loadConfig(join(SHIPPED, 'sandbox.yaml'), {});
    expect(config.backends.every(({ baseUrl }) => baseUrl === undefined)).toBe(true);
    expect(config.sandbox).toEqual({ tokensPerSecond: 50, firstTokenMs: 300 });
    expect(config.models.map(({ id }) => id)).toEqual([
      'gpt-4o',
      'llama3',
      'demo-fallback',
      'demo-cut',
      'demo-slow',
      'demo-thinking',
    ]);
  });

  it('openai-ollama.yaml needs a key, and shows the defaults as they are', () => {
    const file = join(SHIPPED, 'openai-ollama.yaml');
    expect(messageOf({}, file)).toContain('the environment variable OPENAI_API_KEY is not set');
    const config = loadConfig(file, { OPENAI_API_KEY: 'key' });
    const { backends, models } = config;
    const { server, streams } = parseConfig({
      sandbox: {},
      backends: [{ id: 'a', kind: 'openai' }],
      models: [{ id: 'm', targets: ['a/m'] }],
    });
    expect(config).toMatchObject({ server, streams, defaultModel: 'gpt-4o' });
    expect(backends.map(({ id, apiKey }) => [id, apiKey])).toEqual([
      ['openai', 'key'],
      ['ollama', undefined],
    ]);
    expect(models[1]?.targets[0]?.set).toEqual({ num_ctx: 8192, keep_alive: '10m' });
  });

  it('.env.example sets nothing by itself', () => {
    const lines = readFileSync(join(SHIPPED, '../.env.example'), 'utf8').split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });
});
