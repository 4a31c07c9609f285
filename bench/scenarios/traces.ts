import { streamAsk } from '../asks.ts';
import { BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import { TRACES_CONTESTANTS } from '../contestants.ts';
import { differenceTo, rowsOf, type Row } from '../row.ts';
import { cpuMicrosPerUnit } from './cpu.ts';

const CHUNKS = 5;
const STREAMS = 200;

/** What traces cost, per request and per chunk, with their making and their sending: two spans for each request. */
export async function traces(bench: Bench): Promise<Row[]> {
  await bench.plan({ chunks: CHUNKS, textChars: 16 });
  const requests = bench.scaled(10_000, 2000);
  const perAnswer = await cpuMicrosPerUnit(bench, {
    scenario: 'traces',
    contestants: TRACES_CONTESTANTS,
    askOf: (_, port) => streamAsk(port, CHUNKS),
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
    scenario: 'traces, paced',
    contestants: TRACES_CONTESTANTS,
    askOf: (_, port) => streamAsk(port, chunks),
    unit: 'chunk',
    units: STREAMS * chunks,
    requests: STREAMS,
    atOnce: STREAMS,
    spreadMs: 200,
    isAwake: true,
    warmUps: bench.scaled(2, 1),
  });
  return rowsOf('traces', [
    ['CPU per answer', 'µs', perAnswer, differenceTo('sluice, untraced'), BARS.tracesAnswer],
    ['CPU per chunk', 'µs', perChunk, differenceTo('sluice, untraced')],
  ]);
}
