import { setTimeout as pause } from 'node:timers/promises';
import { streamAsk } from '../asks.ts';
import { BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import type { RunningContestant } from '../contestants.ts';
import { ratioTo, rowsOf, type Row, SLUICE_ALONE } from '../row.ts';
import { figuresOf } from './figures.ts';

const CHUNKS = 5;

/** Whether anything stays behind: 50,000 short streams. */
export async function churn(bench: Bench): Promise<Row[]> {
  await bench.plan({ chunks: CHUNKS, textChars: 16 });
  const figures = await figuresOf(bench, (contestant) => churned(bench, contestant));
  const { first, all } = streamsOf(bench);
  return rowsOf(`churn, ${all} streams`, [
    [`RSS after the first ${first}`, 'MiB', figures.first],
    ['RSS at its peak', 'MiB', figures.peak],
    ['RSS after all', 'MiB', figures.after],
    ['RSS after all / after the first', '', figures.growth, SLUICE_ALONE, BARS.churnGrowth],
    ['heap alive at the end', 'MiB', figures.heap],
    ['CPU per stream', 'µs', figures.cpuMicros, ratioTo('raw pipe')],
  ]);
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
