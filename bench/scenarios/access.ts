import { streamAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';
import { ACCESS_CONTESTANTS, BENCH_SECRET, type Contestant } from '../contestants.ts';
import type { Ask } from '../load.ts';
import { differenceTo, rowsOf, type Row } from '../row.ts';
import { featureCost } from './feature-cost.ts';

/** What keys, limits and prices cost, per request and per chunk: Sluice with them, and Sluice that is open. */
export async function access(bench: Bench): Promise<Row[]> {
  const { perAnswer, perChunk } = await featureCost(bench, {
    scenario: 'access',
    contestants: ACCESS_CONTESTANTS,
    askOf,
  });
  return rowsOf('access', [
    ['CPU per answer', 'µs', perAnswer, differenceTo('sluice, open')],
    ['CPU per chunk', 'µs', perChunk, differenceTo('sluice, open')],
  ]);
}

function askOf(contestant: Contestant, port: number, chunks: number): Ask {
  const ask = streamAsk(port, chunks);
  return contestant === 'sluice' ? { ...ask, bearer: BENCH_SECRET } : ask;
}
