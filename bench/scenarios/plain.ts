import { plainAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';
import { CONTESTANTS } from '../contestants.ts';
import { ratioTo, rowsOf, type Row } from '../row.ts';
import { cpuMicrosPerUnit, mapped } from './cpu.ts';

/** `stream: false`, answers of 1 kB. */
export async function plain(bench: Bench): Promise<Row[]> {
  const requests = bench.scaled(5000, 1000);
  const perRequest = await cpuMicrosPerUnit(bench, {
    scenario: 'plain',
    contestants: CONTESTANTS,
    askOf: (_, port) => plainAsk(port),
    unit: 'request',
    units: requests,
    requests,
    atOnce: 32,
    spreadMs: 0,
    warmUps: 1,
  });
  const perSecond = mapped(perRequest, (micros) => 1e6 / micros);
  return rowsOf('plain', [['requests per CPU second', '/s', perSecond, ratioTo('raw pipe')]]);
}
