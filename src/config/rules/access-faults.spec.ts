import { describe, expect, it } from 'vitest';
import { ConfigError } from '../load/config-error.js';
import { parseConfig } from '../load/load-config.js';

const HASH = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const KEY = { id: 'team-a', hashes: [HASH] };
const JWT = {
  jwksUrl: 'https://id.example/jwks',
  issuer: 'https://id.example',
  audience: 'sluice',
};

function faultsOf(access: object, server: object = {}, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    parseConfig(
      {
        server,
        access,
        backends: [{ id: 'a', kind: 'ollama', baseUrl: 'http://a' }],
        models: [
          { id: 'llama3', targets: ['a/llama3'] },
          { id: 'phi', targets: ['a/phi'] },
        ],
      },
      env,
    );
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, message }) => `${path}: ${message}`);
  }
}

const withKey = (more: object) => faultsOf({ mode: 'keys', keys: [{ ...KEY, ...more }] });

describe('access', () => {
  const OPEN = expect.stringMatching(/^access: .*mode: keys.*allowOpen: true/) as string;

  it.each([
    ['the file', { host: '0.0.0.0' }, {}],
    ['the file, for IPv6', { host: '::' }, {}],
    ['the file, by a name', { host: 'gateway.internal' }, {}],
    ['the environment', {}, { HOST: '0.0.0.0' }],
  ])('is needed beyond the loopback, with both cures: %s', (_, server, env) => {
    expect(faultsOf({}, server, env)).toEqual([OPEN]);
    expect(faultsOf({ mode: 'open' }, server, env)).toEqual([OPEN]);
    expect(faultsOf({ allowOpen: true }, server, env)).toEqual([]);
    expect(faultsOf({ mode: 'keys', keys: [KEY] }, server, env)).toEqual([]);
    expect(faultsOf({ mode: 'jwt', jwt: JWT }, server, env)).toEqual([]);
  });

  it.each([
    ['127.0.0.1', '0.0.0.0'],
    ['localhost', '0.0.0.0'],
    ['::1', '0.0.0.0'],
  ])('is not on it, whatever the file says of another: %s', (HOST, host) => {
    expect(faultsOf({}, { host }, { HOST })).toEqual([]);
  });

  it('is not open to all beside keys, whatever it says, and no host is read without its port', () => {
    expect(faultsOf({ mode: 'keys', keys: [KEY], allowOpen: true })).toEqual([
      'access.allowOpen: is not read with access.mode: keys, which lets in who has a key or a token',
    ]);
    expect(faultsOf({}, { adminHost: '0.0.0.0' })).toEqual([
      'server.adminHost: is not read without server.adminPort',
    ]);
  });

  it('says how to make a key where there is none', () => {
    expect(faultsOf({ mode: 'keys' })).toEqual([
      'access.keys: is missing: "npm run key -- --id NAME" makes a key and prints its entry',
    ]);
    expect(faultsOf({ mode: 'keys', keys: [] })).toEqual([
      'access.keys: must be a list with at least one item',
    ]);
  });

  it('has an issuer of tokens with mode jwt, and only with it', () => {
    expect(faultsOf({ mode: 'jwt' })).toEqual([
      'access.jwt: is missing: it has jwksUrl, issuer and audience of whoever signs the tokens',
    ]);
    expect(faultsOf({ mode: 'keys', keys: [KEY], jwt: JWT })).toEqual([
      'access.jwt: is not read with access.mode: keys',
    ]);
  });

  it.each([
    ['http://id.example/jwks', 1],
    ['https://user:secret@id.example/jwks', 1],
    ['http://LOCALHOST.:8080/jwks', 0],
    ['http://[::1]/jwks', 0],
  ])('asks for keys of an issuer by https only, but on this machine: %s', (jwksUrl, count) => {
    const faults = faultsOf({ mode: 'jwt', jwt: { ...JWT, jwksUrl } });
    expect(faults).toHaveLength(count);
    expect(faults.join()).not.toContain('secret');
  });

  it('has a port of its own for operators', () => {
    const fault = ['server.adminPort: must be another port than server.port'];
    expect(faultsOf({}, { port: 4000, adminPort: 4000 })).toEqual(fault);
    expect(faultsOf({}, { adminPort: 4000 }, { PORT: '4000' })).toEqual(fault);
    expect(faultsOf({}, { port: 0, adminPort: 0 })).toEqual([]);
  });

  it('has an id and a secret for one caller only', () => {
    const keys = [KEY, { id: 'team-a', hashes: [OTHER] }, { id: 'team-b', hashes: [OTHER, HASH] }];
    expect(faultsOf({ mode: 'keys', keys })).toEqual([
      'access.keys[1].id: is the same as access.keys[0].id',
      'access.keys[2].hashes[0]: is the same as access.keys[1].hashes[0]',
      'access.keys[2].hashes[1]: is the same as access.keys[0].hashes[0]',
    ]);
  });

  it('gives a key a default among the models that it may use', () => {
    expect(withKey({ defaultModel: 'phi', models: ['p*'] })).toEqual([]);
    expect(withKey({ defaultModel: 'phi' })).toEqual([]);
    expect(withKey({ defaultModel: 'gpt' })).toEqual([
      'access.keys[0].defaultModel: must be the id of a model',
    ]);
    expect(withKey({ defaultModel: 'phi', models: ['llama*'] })).toEqual([
      'access.keys[0].defaultModel: must be one of its own models',
    ]);
  });

  it.each([
    [{ id: 'anonymous' }, 'id'],
    [{ id: 'other' }, 'id'],
    [{ id: 'team a' }, 'id'],
    [{ id: '192.0.2.1' }, 'id'],
    [{ id: 7 }, 'id'],
    [{ expiresAt: '2027-02-30T00:00:00Z' }, 'expiresAt'],
    [{ hashes: [] }, 'hashes'],
    [{ hashes: ['sk-sluice-secret-in-the-wrong-place'] }, 'hashes'],
    [{ hashes: [HASH, OTHER, `sha256:${'c'.repeat(64)}`] }, 'hashes'],
    [{ hashes: HASH }, 'hashes'],
    [{ models: [] }, 'models'],
    [{ models: 'gpt-4o' }, 'models'],
    [{ expiresAt: '2027-01-01' }, 'expiresAt'],
    [{ expiresAt: '2027-13-01T00:00:00Z' }, 'expiresAt'],
    [{ priority: 'high' }, 'priority'],
    [{ fallback: 'always' }, 'fallback'],
    [{ maxOutputTokens: 0 }, 'maxOutputTokens'],
    [{ limits: { requestsPerMinute: 0 } }, 'limits.requestsPerMinute'],
  ])('has no key with %j, and quotes nothing of a secret', (fields, at) => {
    const faults = withKey(fields);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(`access.keys[0].${at}: must be`);
    expect(faults[0]).not.toContain('wrong-place');
  });

  it.each([['0.0.0.0/0'], ['10.0.0.0/33'], ['10.0.0'], ['loopback'], [''], ['fd00::/129']])(
    'trusts no proxies at %s',
    (network) => {
      expect(faultsOf({}, { trustedProxies: [network] })).toEqual([
        'server.trustedProxies: must be a list of addresses or networks, such as 10.0.0.0/8 or fd00::/8',
      ]);
    },
  );
});
