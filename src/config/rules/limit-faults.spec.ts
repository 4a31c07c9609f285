import { describe, expect, it } from 'vitest';
import { parseConfig } from '../load/load-config.js';
import { ConfigError } from '../load/config-error.js';

const price = { input: 1, output: 2 };
const BASE = {
  backends: [{ id: 'a', kind: 'openai', baseUrl: 'http://upstream.test' }],
  models: [
    { id: 'priced', targets: [{ backend: 'a', model: 'p', price }] },
    { id: 'unpriced', targets: ['a/u', { backend: 'a', model: 'p', price }] },
  ],
};
const HASH = `sha256:${'0'.repeat(64)}`;
const redis = { url: 'redis://127.0.0.1' };
const NOT_KEPT =
  'would begin anew with every restart: add "redis: { url }", or the ledger ("usage: { url }", or "usage: { file }" for one process)';

function faultsOf(fields: object): string[] {
  try {
    parseConfig({ ...BASE, ...fields });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, message }) => `${path} ${message}`);
  }
}

const withLimits = (limits: object) => ({ models: [{ ...BASE.models[0]!, limits }] });
const keys = (...entries: object[]) => ({
  access: {
    mode: 'keys',
    keys: entries.map((entry) => ({ id: 'team', hashes: [HASH], ...entry })),
  },
});

const missing = (budget: string) => [
  `models[1].targets[0].price is missing: ${budget}.budgetUsd would not count what this target costs`,
];

const notUnder = (limit: string) => [
  `access.keys[0].maxOutputTokens has to be less than ${limit}: every request that names no limit of its own would be refused`,
];

describe('limits in a configuration', () => {
  it('may be of a minute or of streams without anything that keeps them', () => {
    const limits = { requestsPerMinute: 1, tokensPerMinute: 1, concurrentStreams: 1 };
    expect(faultsOf(withLimits(limits))).toEqual([]);
  });

  it('need Redis or the ledger where they are of a day or a month, and say both cures', () => {
    const limits = { tokensPerDay: 1, budgetUsd: { perDay: 1, perMonth: 1 } };
    expect(faultsOf(withLimits(limits))).toEqual([
      `models[0].limits.budgetUsd.perDay ${NOT_KEPT}`,
      `models[0].limits.budgetUsd.perMonth ${NOT_KEPT}`,
      `models[0].limits.tokensPerDay ${NOT_KEPT}`,
    ]);
    expect(faultsOf({ ...withLimits(limits), redis })).toEqual([]);
    expect(faultsOf({ ...withLimits(limits), usage: { file: '/tmp/usage.db' } })).toEqual([]);
    expect(faultsOf(keys({ limits: { tokensPerDay: 1 } }))).toEqual([
      `access.keys[0].limits.tokensPerDay ${NOT_KEPT}`,
    ]);
  });

  it('need Redis where they are of addresses, which the ledger does not keep', () => {
    const access = { limits: { tokensPerDay: 1 } };
    const [fault] = faultsOf({ access, usage: { file: '/tmp/usage.db' } });
    expect(fault).toContain('access.limits.tokensPerDay counts addresses in mode open');
    expect(faultsOf({ access, redis })).toEqual([]);
  });

  it('need a price of every target that a budget may have to pay for', () => {
    const limits = { budgetUsd: { perDay: 1 } };
    expect(faultsOf({ access: { limits }, redis })).toEqual(missing('access.limits'));
    expect(faultsOf({ ...keys({ limits }), redis })).toEqual(missing('access.keys[0].limits'));
    expect(faultsOf({ ...keys({ limits, models: ['pri*'] }), redis })).toEqual([]);
    const models = BASE.models.map((model) => ({ ...model, limits }));
    expect(faultsOf({ models, redis })).toEqual(missing('models[1].limits'));
  });

  it.each(['http://127.0.0.1', 'redis://', '127.0.0.1:6379', 7])(
    'need the URL of a Redis that is one, and do not quote it (%s)',
    (url) => {
      expect(faultsOf({ redis: { url } })).toEqual([
        'redis.url must be a redis:// or rediss:// URL',
      ]);
    },
  );

  it('leave room for what a caller may let a model write, which is reserved', () => {
    const own = (tokensPerMinute: number) =>
      faultsOf(keys({ maxOutputTokens: 4096, limits: { tokensPerMinute } }));
    expect(own(4096)).toEqual(notUnder('access.keys[0].limits.tokensPerMinute'));
    expect(own(4097)).toEqual([]);
    const { access } = keys({ maxOutputTokens: 4096 });
    const common = { access: { ...access, limits: { tokensPerDay: 1000 } }, redis };
    expect(faultsOf(common)).toEqual(notUnder('access.limits.tokensPerDay'));
    const raised = keys({ maxOutputTokens: 4096, limits: { tokensPerDay: 5000 } });
    expect(
      faultsOf({ ...common, access: { ...raised.access, limits: common.access.limits } }),
    ).toEqual([]);
    expect(faultsOf(keys({ limits: { tokensPerMinute: 1 } }))).toEqual([]);
  });
});
