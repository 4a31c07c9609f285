import { setTimeout as pause } from 'node:timers/promises';
import { streamAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';
import type { BenchProcess } from '../bench-process.ts';
import type { Contestant, RunningContestant } from '../contestants.ts';
import { rowOf, type Row } from '../row.ts';
import { figuresOf } from './figures.ts';
import { warmUp } from './warm-up.ts';

/** What one open stream costs: 2,000 at once, a chunk per second. */
export async function many(bench: Bench): Promise<Row[]> {
  const figures = await figuresOf(bench, (contestant) => holding(bench, contestant));
  const scenario = `many, ${streamsOf(bench)} at once`;
  const to = 'raw pipe' satisfies Contestant;
  return [
    rowOf({
      scenario,
      measure: 'RSS per open stream',
      unit: 'KiB',
      samples: figures.rssKiB,
      comparison: { kind: 'ratio', to },
      bar: 1.5,
    }),
    rowOf({
      scenario,
      measure: 'retained per open stream after GC',
      unit: 'KiB',
      samples: figures.retainedKiB,
      comparison: { kind: 'value' },
      bar: 40,
    }),
    rowOf({
      scenario,
      measure: 'event-loop delay, p99',
      unit: 'ms',
      samples: figures.delayMs,
      comparison: { kind: 'value' },
      bar: 20,
    }),
  ];
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
