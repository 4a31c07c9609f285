import { describe, expect, it } from 'vitest';
import { ConfigError } from '../load/config-error.js';
import { parseConfig } from '../load/load-config.js';

const BACKEND = { id: 'a', kind: 'openai', baseUrl: 'http://a/v1' };
const MODEL = { id: 'm', targets: ['a/m'] };
const MINIMAL = { backends: [BACKEND], models: [MODEL] };

function errorOf(source: unknown, env: NodeJS.ProcessEnv = {}): ConfigError {
  try {
    parseConfig(source, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

/** Every fault as the line that is printed. */
const faultsOf = (source: unknown, env?: NodeJS.ProcessEnv) =>
  errorOf(source, env).faults.map(({ path, message }) => `${path}: ${message}`);

const targetFaults = (...targets: unknown[]) =>
  faultsOf({ ...MINIMAL, models: [{ id: 'm', targets }] });

describe('a configuration with faults', () => {
  it('is refused with all of them at once, one a line, ready for a terminal', () => {
    const source = {
      server: { prot: 1 },
      defaultModel: 'nope',
      backends: [BACKEND, { ...BACKEND, apiKey: '${KEY}', connectMs: 0 }],
      models: [{ ...MODEL, targets: ['a/m', 'b/m'] }],
    };
    expect(errorOf(source, { PORT: 'http' }).message).toBe(
      `Sluice cannot start:
  backends[1].apiKey: the environment variable KEY is not set: set it (in .env, too), or give a default with \${KEY:-}
  backends[1].connectMs: must be a whole number of milliseconds, from 1 to 2147483647
  backends[1].id: is the id of backends[0] already
  defaultModel: no model has the id "nope", or stands for it
  models[0].targets[1]: no backend has the id "b"
  PORT: must be a port, from 0 to 65535
  server.prot: is not a known key; known here are: host, port, adminPort, adminHost, trustedProxies, bodyLimit, bodyMs, bodyBytesInFlight, compressedBodies, keepAliveMs, hosts`,
    );
  });

  it.each([undefined, null, 'backends', [MINIMAL], 5])(
    'may not even be a mapping: %j',
    (source) => {
      expect(faultsOf(source)).toEqual([
        'configuration: must be a mapping with "backends" and "models"',
      ]);
    },
  );

  it('may lack backends and models', () => {
    expect(faultsOf({})).toEqual([
      'backends: is missing: it must be a list with at least one item',
      'models: is missing: it must be a list with at least one item',
    ]);
    expect(faultsOf({ backends: [], models: {} })).toEqual([
      'backends: must be a list with at least one item',
      'models: must be a list with at least one item',
    ]);
  });

  it.each(['proxy', 'Server', 'x-anchors'])('may have the unknown key %s', (key) => {
    expect(faultsOf({ ...MINIMAL, [key]: {} })).toEqual([
      `${key}: is not a known key; known here are: server, access, responses, browsers, defaultModel, streams, retry, retryBudget, breaker, limits, redis, drain, log, backends, models, usage, sandbox`,
    ]);
  });

  it('may have a key by its former name', () => {
    expect(faultsOf({ ...MINIMAL, extra: { share: 0.2 } })).toEqual([
      'extra: is called "retryBudget" now: rename it',
    ]);
    expect(faultsOf({ ...MINIMAL, retryBudget: { share: 0.2, min: 10 } })).toEqual([
      'retryBudget.min: is called "minRetries" now: rename it',
      'retryBudget.share: is called "ratio" now: rename it',
    ]);
  });

  it('may have a key that would write to the terminal', () => {
    expect(faultsOf({ ...MINIMAL, '\u001b[2J\n': 1 })[0]).toMatch(/^\["\\u001b\[2J\\n"\]: /);
  });

  it.each([
    [{ server: [{ port: 1 }] }, 'server: must be a mapping'],
    [{ streams: 5 }, 'streams: must be a mapping'],
    [{ sandbox: true }, 'sandbox: must be a mapping'],
    [{ sandbox: { tokensPerSecond: 0 } }, 'sandbox.tokensPerSecond: must be a number above 0'],
    [{ server: { port: '3000' } }, 'server.port: must be a port, from 0 to 65535'],
    [{ server: { port: 65_536 } }, 'server.port: must be a port, from 0 to 65535'],
    [{ server: { host: 'a b' } }, 'server.host: must be a host name or an IP address'],
    [
      { server: { host: null } },
      'server.host: has no value: it must be a host name or an IP address',
    ],
    [
      { server: { bodyLimit: '20 megs' } },
      'server.bodyLimit: must be a size like 20mb or 512kb, or a number of bytes',
    ],
    [
      { streams: { idleMs: 2 ** 31 } },
      'streams.idleMs: must be a whole number of milliseconds, from 1 to 2147483647',
    ],
    [
      { streams: { idleMs: 1.5 } },
      'streams.idleMs: must be a whole number of milliseconds, from 1 to 2147483647',
    ],
  ])('may have a wrong value: %j', (fields, fault) => {
    expect(faultsOf({ ...MINIMAL, ...fields })).toEqual([fault]);
  });

  it('may have a number from a variable that is none', () => {
    const source = { ...MINIMAL, server: { port: '${P}' } };
    expect(faultsOf(source, { P: 'hush' })).toEqual([
      'server.port: must be a port, from 0 to 65535',
    ]);
  });
});

describe('a model with faults', () => {
  it('has the id of another', () => {
    expect(faultsOf({ ...MINIMAL, models: [MODEL, MODEL] })).toEqual([
      'models[1].id: is the id of models[0] already',
    ]);
  });

  it('has targets that are none', () => {
    const fault = 'must be written backend/model, or a mapping with "backend" and "model"';
    expect(targetFaults('m', '/m', 'a/', null, 5, ['a/m'])).toEqual(
      [0, 1, 2, 3, 4, 5].map((index) => `models[0].targets[${index}]: ${fault}`),
    );
    expect(targetFaults()).toEqual(['models[0].targets: must be a list with at least one item']);
  });

  it('has targets at backends that do not exist, in either form', () => {
    expect(targetFaults('b/m', { backend: 'c', model: 'm' })).toEqual([
      'models[0].targets[0]: no backend has the id "b"',
      'models[0].targets[1]: no backend has the id "c"',
    ]);
  });

  it('has waits that are not its own', () => {
    const model = { ...MODEL, streams: { connectMs: 1 } };
    const target = { backend: 'a', model: 'm', streams: { totalMs: 1 } };
    expect(faultsOf({ ...MINIMAL, models: [model] })[0]).toContain(
      'models[0].streams.connectMs: is not a known key',
    );
    expect(targetFaults(target)[0]).toBe(
      'models[0].targets[0].streams.totalMs: is not a known key; known here are: firstTokenMs, idleMs, answerMs',
    );
  });

  it.each([
    ['*'],
    ['null'],
    ['app.example.com'],
    ['http://localhost:5173/'],
    ['https://App.example.com'],
    ['https://app.example.com/path'],
    ['https://app.example.com:443'],
    ['https://user@app.example.com'],
    [5],
  ])('may not list %j as the origin of a page', (origin) => {
    expect(
      faultsOf({ ...MINIMAL, browsers: { origins: ['http://localhost:5173', origin] } }),
    ).toEqual([
      expect.stringMatching(/^browsers\.origins: must be a list of origins as browsers send them/),
    ]);
  });

  it.each([['gateway.example.com:443'], ['https://gateway.example.com'], ['Gateway'], ['*'], ['']])(
    'may not list %j as a name of Sluice',
    (host) => {
      expect(faultsOf({ ...MINIMAL, server: { hosts: [host] } })).toEqual([
        expect.stringMatching(/^server\.hosts: must be a list of host names/),
      ]);
    },
  );

  it.each(['completions', 'tickets', 'Completions'])(
    'may not call a model %s, which is a path of its own',
    (id) => {
      expect(faultsOf({ ...MINIMAL, models: [{ ...MODEL, id }] })).toEqual([
        'models[0].id: must not be "completions" or "tickets": /chat/completions and /chat/tickets are paths of their own',
      ]);
    },
  );
});
