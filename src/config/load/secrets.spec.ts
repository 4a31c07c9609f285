import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.js';
import { parseConfig } from './load-config.js';

const BACKEND = { id: 'a', kind: 'openai', baseUrl: 'http://a/v1' };
const MINIMAL = { backends: [BACKEND], models: [{ id: 'm', targets: ['a/m'] }] };

const ENV = { SECRET: 'hush\n', URL: 'hush://hush', HOST: 'hush hush', HTTPS_PROXY: 'hush:hush' };

function errorOf(source: unknown): ConfigError {
  try {
    parseConfig(source, ENV);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

describe('a secret', () => {
  it.each([
    ['of a backend', { ...MINIMAL, backends: [{ ...BACKEND, apiKey: '${SECRET}' }] }],
    ['in a header', { ...MINIMAL, backends: [{ ...BACKEND, headers: { a: '${SECRET}' } }] }],
    ['written into a header', { ...MINIMAL, backends: [{ ...BACKEND, headers: { a: 'hush\n' } }] }],
    ['in a URL', { ...MINIMAL, backends: [{ ...BACKEND, baseUrl: '${URL}' }] }],
    [
      'in a URL that is written out',
      { ...MINIMAL, backends: [{ ...BACKEND, baseUrl: 'http://hush@a' }] },
    ],
    [
      'in a wrong place',
      {
        ...MINIMAL,
        defaultModel: '${URL}',
        models: [{ id: 'm', targets: ['${URL}', { backend: '${SECRET}', model: 'm' }] }],
      },
    ],
    ['in a wrong field', { ...MINIMAL, server: { port: '${SECRET}', host: '${SECRET}' } }],
    ['under an unknown key', { ...MINIMAL, backends: [{ ...BACKEND, apikey: '${SECRET}' }] }],
    ['in a list', { ...MINIMAL, backends: ['${SECRET}'] }],
    ['next to a broken expression', { ...MINIMAL, backends: [{ ...BACKEND, apiKey: 'hush${' }] }],
    ['in the environment', MINIMAL],
  ])('%s is not printed', (_, source) => {
    const error = errorOf(source);
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain('hush');
  });
});
