import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/load/load-config.js';
import { RouteTable } from './route-table.js';

function deadlines(fields: { top?: object; model?: object; target?: object }) {
  const { top = {}, model = {}, target = {} } = fields;
  const config = parseConfig({
    backends: [{ id: 'a', kind: 'openai', baseUrl: 'http://a/v1' }],
    models: [{ id: 'm', targets: [{ backend: 'a', model: 'm', streams: target }], streams: model }],
    streams: top,
  });
  const { firstTokenMs, lastFirstTokenMs, idleMs } = new RouteTable(config).find('m').tiers[0]![0]!
    .deadlines;
  return [firstTokenMs, lastFirstTokenMs, idleMs];
}

describe('RouteTable', () => {
  it('waits longer for the last target where nothing is set', () => {
    expect(deadlines({})).toEqual([120_000, 270_000, 180_000]);
  });

  it.each([
    [{ top: { firstTokenMs: 5 } }],
    [{ top: { firstTokenMs: 4 }, model: { firstTokenMs: 5 } }],
    [{ model: { firstTokenMs: 4 }, target: { firstTokenMs: 5 } }],
  ])('waits for any target as long as the nearest setting says: %j', (fields) => {
    expect(deadlines(fields).slice(0, 2)).toEqual([5, 5]);
  });
});
