import { streamAsk } from '../asks.ts';
import { BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import { TRACES_CONTESTANTS } from '../contestants.ts';
import { differenceTo, rowsOf, type Row } from '../row.ts';
import { featureCost } from './feature-cost.ts';

/** What traces cost, per request and per chunk, with their making and their sending: two spans for each request. */
export async function traces(bench: Bench): Promise<Row[]> {
  const { perAnswer, perChunk } = await featureCost(bench, {
    scenario: 'traces',
    contestants: TRACES_CONTESTANTS,
    askOf: (_, port, chunks) => streamAsk(port, chunks),
  });
  return rowsOf('traces', [
    ['CPU per answer', 'µs', perAnswer, differenceTo('sluice, untraced'), BARS.tracesAnswer],
    ['CPU per chunk', 'µs', perChunk, differenceTo('sluice, untraced')],
  ]);
}
