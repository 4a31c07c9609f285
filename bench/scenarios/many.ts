import { setTimeout as pause } from 'node:timers/promises';
import { streamAsk } from '../asks.ts';
import { BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import type { BenchProcess } from '../bench-process.ts';
import type { RunningContestant } from '../contestants.ts';
import { ratioTo, rowsOf, type Row, SLUICE_ALONE } from '../row.ts';
import { figuresOf } from './figures.ts';
import { warmUp } from './warm-up.ts';

/** What one open stream costs: 2,000 at once, a chunk per second. */
export async function many(bench: Bench): Promise<Row[]> {
  const figures = await figuresOf(bench, (contestant) => holding(bench, contestant));
  return rowsOf(`many, ${streamsOf(bench)} at once`, [
    ['RSS per open stream', 'KiB', figures.rssKiB, ratioTo('raw pipe'), BARS.manyRss],
    [
      'retained per open stream after GC',
      'KiB',
      figures.retainedKiB,
      SLUICE_ALONE,
      BARS.manyRetained,
    ],
    ['event-loop delay, p99', 'ms', figures.delayMs, SLUICE_ALONE, BARS.manyDelay],
  ]);
}

const streamsOf = (bench: Bench): number => bench.scaled(2000, 500);

async function holding(bench: Bench, { process, ports }: RunningContestant) {
  const streams = streamsOf(bench);
  await warmUp(bench, ports.measured, bench.scaled(2000, 500));
  await bench.plan({ chunks: 1e9, textChars: 16, intervalMs: 1000, spreadOver: streams });
  const heapBefore = await heapKiB(process);
  const { rssKiB } = process.memory;
  await bench.hold({
    ask: streamAsk(ports.measured, 0),
    streams,
    spreadMs: streams * 2,
    stall: false,
  });
  await process.ask('startDelay');
  await pause(bench.scaled(8000, 1500));
  const delayMs = await process.ask<number>('stopDelay');
  const rssAfter = process.memory.rssKiB;
  const heapAfter = await heapKiB(process);
  await bench.release();
  return {
    delayMs,
    rssKiB: (rssAfter - rssKiB) / streams,
    retainedKiB: (heapAfter - heapBefore) / streams,
  };
}

/** What is alive in the heap and outside of it. */
async function heapKiB(process: BenchProcess): Promise<number> {
  const { heapUsed, external } = await process.ask<NodeJS.MemoryUsage>('memory', { gc: true });
  return (heapUsed + external) / 1024;
}
