import { describe, expect, it } from 'vitest';
import { ConfigError } from '../load/config-error.js';
import { parseConfig } from '../load/load-config.js';

const BACKEND = { id: 'a', kind: 'openai', baseUrl: 'http://a/v1' };
const MINIMAL = { backends: [BACKEND], models: [{ id: 'm', targets: ['a/m'] }] };

function errorOf(source: unknown): ConfigError {
  try {
    parseConfig(source);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

/** Every fault as the line that is printed. */
const faultsOf = (source: unknown) =>
  errorOf(source).faults.map(({ path, message }) => `${path}: ${message}`);

const backendFaults = (fields: object) =>
  faultsOf({ ...MINIMAL, backends: [{ ...BACKEND, ...fields }] });

describe('a backend with faults', () => {
  it('is no mapping', () => {
    expect(faultsOf({ ...MINIMAL, backends: [BACKEND, null, [BACKEND], 'a'] })).toEqual([
      'backends[1]: must be a mapping',
      'backends[2]: must be a mapping',
      'backends[3]: must be a mapping',
    ]);
  });

  it.each(['none', 'a/b', '', 'ä', 'x'.repeat(65), 5])('has the id %j', (id) => {
    const models = [{ id: 'm', targets: [{ backend: `${id}`, model: 'm' }] }];
    const faults = faultsOf({ backends: [{ ...BACKEND, id }], models });
    expect(faults.some((fault) => fault.startsWith('backends[0].id: must be 1 to 64'))).toBe(true);
  });

  it('has an unknown kind', () => {
    expect(backendFaults({ kind: 'opnai' })).toEqual([
      'backends[0].kind: must be one of: openai, ollama, anthropic',
    ]);
  });

  it('has no URL, and there is no sandbox either', () => {
    expect(faultsOf({ ...MINIMAL, backends: [{ id: 'a', kind: 'openai' }] })).toEqual([
      'backends[0].baseUrl: is missing: write its URL, or add "sandbox: {}" to the file to try without one',
    ]);
  });

  it.each(['localhost:11434', 'ftp://a', 'http://', 'http:///a', 'http://a b', '', 5, null])(
    'has the URL %j',
    (baseUrl) => {
      expect(backendFaults({ baseUrl })[0]).toContain('must be an http:// or https:// URL');
    },
  );

  it.each(['http://u:p@a', 'http://a?b=c', 'http://a?', 'http://a#b'])(
    'has a URL with more than a base: %s',
    (baseUrl) => {
      expect(backendFaults({ baseUrl })[0]).toMatch(
        /^backends\[0\]\.baseUrl: must be a URL without/,
      );
    },
  );

  it('has headers that HTTP does not have', () => {
    expect(backendFaults({ headers: { 'a b': 'x', c: 'x\r\ny: z', d: 4 } })).toEqual([
      'backends[0].headers: "a b" must be a valid name of a header; "c" must be a text of one line, in quotes if it is a number; "d" must be a text of one line, in quotes if it is a number',
    ]);
  });

  it.each([
    'authorization',
    'X-Api-Key',
    'api-key',
    'Cookie',
    'host',
    'connection',
    'transfer-encoding',
    'proxy-authorization',
    'content-length',
    'content-type',
    'accept-encoding',
    'traceparent',
    'tracestate',
    'x-forwarded-for',
  ])('passes on the header %s of its callers', (name) => {
    expect(backendFaults({ forwardHeaders: ['openai-beta', name] })).toEqual([
      `backends[0].forwardHeaders: must not have "${name}": it is never passed on`,
    ]);
  });

  it.each(['openai-beta', [1], ['a b'], null, {}])('passes on the headers %j', (forwardHeaders) => {
    expect(backendFaults({ forwardHeaders })[0]).toMatch(
      /^backends\[0\]\.forwardHeaders: .*must be a list of names of headers$/,
    );
  });

  it('has query parameters that are no texts', () => {
    expect(backendFaults({ query: { v: 1 } })).toEqual([
      'backends[0].query: "v" must be a text, in quotes if it is a number',
    ]);
  });

  it('has a file of authorities that is not there, or is something else', () => {
    expect(backendFaults({ caFile: '/nowhere/ca.pem' })).toEqual([
      'backends[0].caFile: must be a file that can be read (ENOENT)',
    ]);
    expect(backendFaults({ caFile: import.meta.filename })).toEqual([
      'backends[0].caFile: must be a PEM file with certificates',
    ]);
  });

  it('asks for usage in a protocol that always tells', () => {
    expect(backendFaults({ kind: 'ollama', streamUsage: true })).toEqual([
      'backends[0].streamUsage: is only for backends of the kind openai',
    ]);
  });

  it('has an API that its kind does not have', () => {
    expect(backendFaults({ kind: 'anthropic', responses: true })).toEqual([
      'backends[0].responses: is only for backends of the kind openai',
    ]);
  });

  it('has a version of an API that it does not speak, or one that is no date', () => {
    expect(backendFaults({ anthropicVersion: '2023-06-01' })).toEqual([
      'backends[0].anthropicVersion: is only for backends of the kind anthropic',
    ]);
    expect(backendFaults({ kind: 'anthropic', anthropicVersion: 'latest' })).toEqual([
      'backends[0].anthropicVersion: must be a date like 2023-06-01',
    ]);
  });

  it('says that it is played by the sandbox, which is not for the file to say', () => {
    expect(backendFaults({ sandbox: true })[0]).toContain('sandbox: is not a known key');
  });
});
