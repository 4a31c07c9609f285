import { plainAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';
import { rowOf, type Row } from '../row.ts';
import { cpuMsUnder, mapped } from './cpu.ts';

/** `stream: false`, answers of 1 kB. */
export async function plain(bench: Bench): Promise<Row[]> {
  const requests = bench.scaled(5000, 1000);
  const cpuMs = await cpuMsUnder(bench, {
    scenario: 'plain',
    contestants: ['raw pipe', 'parsing relay', 'sluice'],
    askOf: (_, port) => plainAsk(port),
    requests,
    atOnce: 32,
    spreadMs: 0,
    warmUps: 1,
  });
  return [
    rowOf({
      scenario: 'plain',
      measure: 'requests per CPU second',
      unit: '/s',
      samples: mapped(cpuMs, (ms) => (requests * 1000) / ms),
      comparison: { kind: 'ratio', to: 'raw pipe' },
    }),
  ];
}
