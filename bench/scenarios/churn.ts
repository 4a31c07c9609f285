import { setTimeout as pause } from 'node:timers/promises';
import { streamAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';
import type { RunningContestant } from '../contestants.ts';
import { rowOf, type Row } from '../row.ts';
import { figuresOf } from './figures.ts';

const CHUNKS = 5;

/** Whether anything stays behind: 50,000 short streams. */
export async function churn(bench: Bench): Promise<Row[]> {
  await bench.plan({ chunks: CHUNKS, textChars: 16 });
  const figures = await figuresOf(bench, (contestant) => churned(bench, contestant));
  const scenario = `churn, ${streamsOf(bench).all} streams`;
  const none = { kind: 'none' } as const;
  return [
    rowOf({
      scenario,
      measure: `RSS after the first ${streamsOf(bench).first}`,
      unit: 'MiB',
      samples: figures.first,
      comparison: none,
    }),
    rowOf({
      scenario,
      measure: 'RSS at its peak',
      unit: 'MiB',
      samples: figures.peak,
      comparison: none,
    }),
    rowOf({
      scenario,
      measure: 'RSS after all',
      unit: 'MiB',
      samples: figures.after,
      comparison: none,
    }),
    rowOf({
      scenario,
      measure: 'RSS after all / after the first',
      unit: '',
      samples: figures.growth,
      comparison: { kind: 'value' },
      bar: 1.15,
    }),
    rowOf({
      scenario,
      measure: 'heap alive at the end',
      unit: 'MiB',
      samples: figures.heap,
      comparison: none,
    }),
    rowOf({
      scenario,
      measure: 'CPU per stream',
      unit: 'µs',
      samples: figures.cpuMicros,
      comparison: { kind: 'ratio', to: 'raw pipe' },
    }),
  ];
}

function streamsOf(bench: Bench) {
  return { first: bench.scaled(5000, 1000), all: bench.scaled(50_000, 4000) };
}

async function churned(bench: Bench, { process, ports }: RunningContestant) {
  const streams = streamsOf(bench);
  const ask = streamAsk(ports.measured, CHUNKS);
  const rssAfter = async (requests: number) => {
    await bench.load({ ask, requests, atOnce: 64, spreadMs: 0 });
    await pause(1000);
    return process.memory.rssKiB / 1024;
  };
  const first = await rssAfter(streams.first);
  const { cpuMs } = process;
  const rest = streams.all - streams.first;
  const after = await rssAfter(rest);
  const cpuMicros = ((process.cpuMs - cpuMs) * 1000) / rest;
  // Last of all: a collection asked for would change what is resident.
  const peak = process.memory.peakKiB / 1024;
  const { heapUsed } = await process.ask<NodeJS.MemoryUsage>('memory', { gc: true });
  return { first, after, growth: after / first, peak, cpuMicros, heap: heapUsed / 2 ** 20 };
}
