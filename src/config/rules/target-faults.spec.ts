import { describe, expect, it } from 'vitest';
import { ConfigError } from '../load/config-error.js';
import { parseConfig } from '../load/load-config.js';

const BACKENDS = [
  { id: 'a', kind: 'openai', baseUrl: 'http://a/v1' },
  { id: 'o', kind: 'ollama', baseUrl: 'http://o' },
];

function faultsOf(target: object): string[] {
  try {
    parseConfig({
      backends: BACKENDS,
      models: [{ id: 'm', targets: [{ backend: 'a', model: 'm', ...target }] }],
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, message }) => `${path}: ${message}`);
  }
  throw new Error('The configuration was accepted.');
}

const AT = 'models[0].targets[0]';

describe('a target with faults', () => {
  it('has the former name of set', () => {
    expect(faultsOf({ options: { num_ctx: 1 } })).toEqual([
      `${AT}.options: is called "set" now: rename it`,
    ]);
  });

  it.each([
    [{ drop: 'logprobs' }, 'drop: must be a list of names of fields'],
    [{ drop: [1] }, 'drop: must be a list of names of fields'],
    [{ drop: ['seed', 'model'] }, `drop: must not have "model", which is Sluice's own`],
    [{ rename: ['a'] }, 'rename: must be a mapping of names of fields to their names there'],
    [{ rename: { a: 1 } }, 'rename: must be a mapping of names of fields to their names there'],
    [{ rename: { a: '' } }, 'rename: must be a mapping of names of fields to their names there'],
    [{ rename: { a: 'c', b: 'c' } }, 'rename: must not give "c" to two fields'],
    [{ rename: { a: 'messages' } }, `rename: must not have "messages", which is Sluice's own`],
    [{ rename: { stream: 'a' } }, `rename: must not have "stream", which is Sluice's own`],
    [{ set: [] }, 'set: must be a mapping of fields to values'],
    [{ set: { stream: true } }, `set: must not have "stream", which is Sluice's own`],
    [{ developerRole: 'user' }, 'developerRole: must be one of: system'],
    [{ price: 2 }, 'price: must be a mapping'],
    [{ price: { input: 1 } }, 'price.output: is missing: it must be a number, 0 or more'],
    [{ price: { input: -1, output: 1 } }, 'price.input: must be a number, 0 or more'],
    [{ price: { input: 1, output: '2' } }, 'price.output: must be a number, 0 or more'],
    [
      { price: { input: 1, output: 2, cached: 1 } },
      'price.cached: is not a known key; known here are: input, cachedInput, cacheWrite, output',
    ],
    [
      { backend: 'o', developerRole: 'system' },
      'developerRole: is only for backends of the kind openai; others are always sent "system"',
    ],
    [
      { backend: 'o', maxTokens: 8 },
      'maxTokens: is only for backends of the kind anthropic; others need no limit, or get one by "set"',
    ],
  ])('has %j', (fields, fault) => {
    expect(faultsOf(fields)).toEqual([`${AT}.${fault}`]);
  });
});
