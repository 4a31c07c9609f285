import { describe, expect, it } from 'vitest';
import { parseConfig } from './load-config.js';

const BACKEND = { id: 'ollama', kind: 'ollama', baseUrl: 'http://127.0.0.1:11434' };
const MODEL = { id: 'llama3', targets: ['ollama/llama3'] };
const MINIMAL = { backends: [BACKEND], models: [MODEL] };

describe('a configuration', () => {
  it('needs backends and models, and has a default for everything else', () => {
    expect(parseConfig(MINIMAL)).toEqual({
      server: {
        host: '127.0.0.1',
        port: 3000,
        adminHost: '127.0.0.1',
        trustedProxies: [],
        bodyLimit: '32mb',
        bodyMs: 60_000,
        bodyBytesInFlight: '64mb',
        compressedBodies: false,
        keepAliveMs: 75_000,
        hosts: [],
      },
      access: { mode: 'open', allowOpen: false, limits: {} },
      log: { level: 'info', format: 'auto' },
      responses: { maxOutputBytes: 4_194_304 },
      browsers: { origins: [] },
      defaultModel: 'llama3',
      streams: {
        heartbeatMs: 15_000,
        commitAfterMs: 25_000,
        slowClientMs: 30_000,
        stallMs: 2000,
        connectMs: 5000,
        idleMs: 180_000,
        answerMs: 300_000,
        totalMs: 600_000,
        eventBytesInFlight: 67_108_864,
      },
      retry: { limit: 1, baseDelayMs: 250, maxDelayMs: 4000, maxRetryAfterMs: 1000 },
      retryBudget: { ratio: 0.2, minRetries: 10 },
      breaker: { failures: 5, ratio: 0.5, windowMs: 30_000, cooldownMs: 10_000 },
      limits: { streams: 500, queue: { size: 500, maxWaitMs: 10_000 } },
      drain: { delayMs: 5000, forMs: 600_000 },
      backends: [BACKEND],
      models: [
        {
          id: 'llama3',
          targets: [{ backend: 'ollama', model: 'llama3' }],
          recovery: 'never',
          recoveryMaxBytes: 262_144,
          limits: {},
        },
      ],
      proxy: {},
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('keeps the other defaults of a section that says something', () => {
    const { server, streams } = parseConfig({
      ...MINIMAL,
      server: { port: 8080 },
      streams: { idleMs: 1 },
    });
    expect(server).toMatchObject({ port: 8080, host: '127.0.0.1' });
    expect(streams).toMatchObject({ idleMs: 1, totalMs: 600_000 });
  });

  it('takes a section with nothing in it for its defaults', () => {
    const { server, sandbox } = parseConfig({ ...MINIMAL, server: null, sandbox: null });
    expect(server.port).toBe(3000);
    expect(sandbox).toEqual({ tokensPerSecond: 50, firstTokenMs: 300 });
  });

  it('keeps every field of a backend', () => {
    const backend = {
      id: 'azure',
      kind: 'openai',
      baseUrl: 'https://x.openai.azure.com/openai/v1',
      apiKey: 'key',
      headers: { 'api-key': 'k' },
      query: { 'api-version': 'preview' },
      connectMs: 1000,
      streamUsage: false,
      responses: true,
    };
    const models = [{ id: 'm', targets: ['azure/m'] }];
    expect(parseConfig({ backends: [backend], models }).backends).toEqual([backend]);
  });

  it('may use the sandbox instead of URLs', () => {
    const { backends } = parseConfig({
      ...MINIMAL,
      sandbox: {},
      backends: [{ id: 'ollama', kind: 'ollama' }],
    });
    expect(backends[0]?.baseUrl).toBeUndefined();
  });

  it('has no fields that nobody wrote, so that spreading one over defaults keeps them', () => {
    const { models, backends } = parseConfig({
      ...MINIMAL,
      models: [{ ...MODEL, streams: { idleMs: 5 } }],
    });
    expect(Object.keys(models[0]?.streams ?? {})).toEqual(['idleMs']);
    expect(Object.keys(backends[0] ?? {})).toEqual(['id', 'kind', 'baseUrl']);
  });

  it('takes an empty key for none', () => {
    const { backends } = parseConfig(
      { ...MINIMAL, backends: [{ ...BACKEND, apiKey: '${KEY:-}' }] },
      {},
    );
    expect(backends[0]).not.toHaveProperty('apiKey');
  });

  it('cannot be changed, however deep', () => {
    const config = parseConfig({
      ...MINIMAL,
      models: [{ id: 'a', targets: [{ backend: 'ollama', model: 'b', set: { stop: ['x'] } }] }],
    });
    const stop = config.models[0]?.targets[0]?.set?.['stop'] as string[];
    expect(() => stop.push('y')).toThrow(TypeError);
    expect(() => Object.assign(config.server, { port: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config, { proxy: {} })).toThrow(TypeError);
  });
});

describe('a target', () => {
  it('is split at its first slash, because names of models have slashes, too', () => {
    const { models } = parseConfig({
      ...MINIMAL,
      models: [{ id: 'meta/llama', targets: ['ollama/hf.co/meta/llama:8b'] }],
    });
    expect(models).toMatchObject([
      { id: 'meta/llama', targets: [{ backend: 'ollama', model: 'hf.co/meta/llama:8b' }] },
    ]);
  });

  it('may be a mapping with fields and waits of its own', () => {
    const target = {
      backend: 'ollama',
      model: 'llama3',
      set: { num_ctx: 8192, keep_alive: '10m', nothing: null, deep: { list: [1] } },
      streams: { firstTokenMs: 1000, idleMs: 2000, answerMs: 3000 },
    };
    const { models } = parseConfig({ ...MINIMAL, models: [{ id: 'a', targets: [target] }] });
    expect(models[0]?.targets).toEqual([target]);
  });
});

describe('a value from a variable', () => {
  it('is a number or a boolean where the field is one', () => {
    const { server, backends } = parseConfig(
      {
        server: { keepAliveMs: '${MS}' },
        backends: [{ id: 'a', kind: 'openai', baseUrl: 'http://a', streamUsage: '${ASK}' }],
        models: [{ id: 'a', targets: ['a/a'] }],
      },
      { MS: '1000', ASK: 'false' },
    );
    expect(server.keepAliveMs).toBe(1000);
    expect(backends[0]?.streamUsage).toBe(false);
  });

  it('stays a text where the field is one, even if it looks like a number', () => {
    const { backends, models } = parseConfig(
      {
        backends: [{ ...BACKEND, apiKey: '${N}', headers: { a: '${N}' }, query: { b: '${N}' } }],
        models: [{ id: '${N}', targets: [{ backend: 'ollama', model: '${N}' }] }],
      },
      { N: '007' },
    );
    expect(backends[0]).toMatchObject({
      apiKey: '007',
      headers: { a: '007' },
      query: { b: '007' },
    });
    expect(models[0]).toMatchObject({ id: '007', targets: [{ model: '007' }] });
  });

  it('is read as YAML would in set, whose types only the upstream knows', () => {
    const set = { num_ctx: '${N}', stop: ['${WORD}'], deep: { on: '${ON}' }, tag: 'v${N}' };
    const { models } = parseConfig(
      { ...MINIMAL, models: [{ id: 'a', targets: [{ backend: 'ollama', model: 'a', set }] }] },
      { N: '8192', WORD: 'END: x', ON: 'true' },
    );
    expect(models[0]?.targets[0]?.set).toEqual({
      num_ctx: 8192,
      stop: ['END: x'],
      deep: { on: true },
      tag: 'v8192',
    });
  });
});

describe('the environment', () => {
  it('overrides where Sluice listens', () => {
    const { server } = parseConfig(MINIMAL, { PORT: '0', HOST: '::1' });
    expect(server).toMatchObject({ port: 0, host: '::1' });
  });

  it('overrides what is worth a line in the log, in any case', () => {
    const source = { ...MINIMAL, log: { level: 'error', format: 'json' } };
    expect(parseConfig(source, { LOG_LEVEL: 'DEBUG' }).log).toEqual({
      level: 'debug',
      format: 'json',
    });
    expect(parseConfig(source).log.level).toBe('error');
  });

  it.each(['log', 'verbose', '2', ' info'])('has no level %j', (level) => {
    expect(() => parseConfig(MINIMAL, { LOG_LEVEL: level })).toThrow(
      'LOG_LEVEL: must be one of: error, warn, info, debug',
    );
  });

  it('says nothing with an empty variable', () => {
    const env = { PORT: '', HOST: '', HTTP_PROXY: '', LOG_LEVEL: '' };
    const { server, proxy, log } = parseConfig(MINIMAL, env);
    expect(log.level).toBe('info');
    expect(server).toMatchObject({ port: 3000, host: '127.0.0.1' });
    expect(proxy).toEqual({});
  });

  it('names the proxies', () => {
    const env = { HTTP_PROXY: 'http://u:p@a:1', HTTPS_PROXY: 'http://b:2', NO_PROXY: '.internal' };
    expect(parseConfig(MINIMAL, env).proxy).toEqual({
      httpProxy: 'http://u:p@a:1',
      httpsProxy: 'http://b:2',
      noProxy: '.internal',
    });
  });

  it('names proxies in lower case before upper case, as curl has it', () => {
    const env = {
      http_proxy: 'http://lower:1',
      HTTP_PROXY: 'http://upper:1',
      no_proxy: 'a',
      NO_PROXY: 'b',
    };
    expect(parseConfig(MINIMAL, env).proxy).toEqual({ httpProxy: 'http://lower:1', noProxy: 'a' });
  });
});
