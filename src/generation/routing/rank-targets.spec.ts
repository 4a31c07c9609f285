import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/load/load-config.js';
import { type ModelRoute, RouteTable } from './route-table.js';
import { rankTargets } from './rank-targets.js';

interface TargetSource {
  readonly backend: string;
  readonly model: string;
  readonly priority?: number;
  readonly weight?: number;
}

function routeOf(...targets: TargetSource[]): ModelRoute {
  const ids = [...new Set(targets.map(({ backend }) => backend))];
  const config = parseConfig({
    backends: ids.map((id) => ({ id, kind: 'openai', baseUrl: 'http://127.0.0.1:1' })),
    models: [{ id: 'm', targets }],
  });
  return new RouteTable(config).find('m');
}

const at = (backend: string, more: Partial<TargetSource> = {}): TargetSource => ({
  backend,
  model: 'x',
  ...more,
});
const order = ({ tiers }: ModelRoute, affinity = 'key') =>
  rankTargets(tiers, () => affinity).map(({ backend }) => backend);

describe('rankTargets', () => {
  it('keeps the order of the list where nobody says anything of priorities', () => {
    expect(order(routeOf(at('c'), at('a'), at('b')))).toEqual(['c', 'a', 'b']);
  });

  it('asks lower priorities first; a target without one comes after the one before it', () => {
    const route = routeOf(at('late', { priority: 7 }), at('last'), at('first', { priority: 0 }));
    expect(order(route)).toEqual(['first', 'late', 'last']);
  });

  it('needs no affinity where no two targets share a priority', () => {
    const { tiers } = routeOf(at('a'), at('b'));
    const asked = rankTargets(tiers, () => {
      throw new Error('never asked for');
    });
    expect(asked).toHaveLength(2);
  });

  it('shares 10,000 affinities out by weight, each share to within 3 % of all', () => {
    const weights = { a: 1, b: 2, c: 5 };
    const route = routeOf(
      ...Object.entries(weights).map(([id, weight]) => at(id, { priority: 0, weight })),
    );
    const firsts = new Map<string, number>();
    for (let n = 0; n < 10_000; n += 1) {
      const first = order(route, `conversation ${n}`)[0]!;
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    for (const [id, weight] of Object.entries(weights)) {
      expect(Math.abs(firsts.get(id)! / 10_000 - weight / 8)).toBeLessThan(0.03);
    }
  });

  it('moves only the affinities of a target that is left out', () => {
    const three = routeOf(...['a', 'b', 'c'].map((id) => at(id, { priority: 0 })));
    const two = routeOf(...['a', 'b'].map((id) => at(id, { priority: 0 })));
    for (let n = 0; n < 1000; n += 1) {
      const without = order(three, `${n}`).filter((id) => id !== 'c');
      expect(order(two, `${n}`)).toEqual(without);
    }
  });
});
