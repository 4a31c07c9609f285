import { streamAsk } from '../asks.ts';
import { BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import { CONTESTANTS } from '../contestants.ts';
import { ratioTo, rowsOf, type Row } from '../row.ts';
import { cpuMicrosPerUnit } from './cpu.ts';

const CHUNKS = 5;

/** What a request costs at its beginning and its end: short answers, one after the other on 32 kept connections. */
export async function short(bench: Bench): Promise<Row[]> {
  await bench.plan({ chunks: CHUNKS, textChars: 16 });
  const requests = bench.scaled(10_000, 1000);
  const perAnswer = await cpuMicrosPerUnit(bench, {
    scenario: 'short',
    contestants: CONTESTANTS,
    askOf: (_, port) => streamAsk(port, CHUNKS),
    unit: 'answer',
    units: requests,
    requests,
    atOnce: 32,
    spreadMs: 0,
    warmUps: 2,
  });
  return rowsOf('short', [['CPU per answer', 'µs', perAnswer, ratioTo('raw pipe'), BARS.short]]);
}
