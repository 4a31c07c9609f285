import { streamAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';
import { ACCESS_CONTESTANTS, BENCH_SECRET, type Contestant } from '../contestants.ts';
import type { Ask } from '../load.ts';
import { differenceTo, rowsOf, type Row } from '../row.ts';
import { cpuMicrosPerUnit } from './cpu.ts';

const CHUNKS = 5;
const STREAMS = 200;

/** What keys, limits and prices cost, per request and per chunk: Sluice with them, and Sluice that is open. */
export async function access(bench: Bench): Promise<Row[]> {
  await bench.plan({ chunks: CHUNKS, textChars: 16 });
  const requests = bench.scaled(10_000, 1000);
  const perAnswer = await cpuMicrosPerUnit(bench, {
    scenario: 'access',
    contestants: ACCESS_CONTESTANTS,
    askOf: (contestant, port) => askOf(contestant, port, CHUNKS),
    unit: 'answer',
    units: requests,
    requests,
    atOnce: 32,
    spreadMs: 0,
    warmUps: 2,
  });
  const chunks = bench.scaled(100, 40);
  await bench.plan({ chunks, textChars: 16, intervalMs: 20, spreadOver: STREAMS });
  const perChunk = await cpuMicrosPerUnit(bench, {
    scenario: 'access, paced',
    contestants: ACCESS_CONTESTANTS,
    askOf: (contestant, port) => askOf(contestant, port, chunks),
    unit: 'chunk',
    units: STREAMS * chunks,
    requests: STREAMS,
    atOnce: STREAMS,
    spreadMs: 200,
    isAwake: true,
    warmUps: bench.scaled(2, 1),
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
