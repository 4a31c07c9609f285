import { setTimeout as pause } from 'node:timers/promises';
import { streamAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';
import type { RunningContestant } from '../contestants.ts';
import { Collected, rowOf, type Row } from '../row.ts';

const CHUNKS = 5;

/** Whether anything stays behind: 50,000 short streams. */
export async function churn(bench: Bench): Promise<Row[]> {
  const first = new Collected();
  const peak = new Collected();
  const after = new Collected();
  const growth = new Collected();
  const heap = new Collected();
  const cpu = new Collected();
  await bench.plan({ chunks: CHUNKS, textChars: 16 });
  for (let run = 0; run < bench.options.runs; run += 1) {
    for (const contestant of ['raw pipe', 'sluice'] as const) {
      const rss = await bench.with([contestant], (running) => {
        return churned(bench, running.get(contestant)!);
      });
      first.add(contestant, rss.first);
      peak.add(contestant, rss.peak);
      after.add(contestant, rss.after);
      growth.add(contestant, rss.after / rss.first);
      heap.add(contestant, rss.heap);
      cpu.add(contestant, rss.cpuMicros);
    }
  }
  const scenario = `churn, ${streamsOf(bench).all} streams`;
  const none = { kind: 'none' } as const;
  return [
    rowOf({
      scenario,
      measure: `RSS after the first ${streamsOf(bench).first}`,
      unit: 'MiB',
      samples: first,
      comparison: none,
    }),
    rowOf({ scenario, measure: 'RSS at its peak', unit: 'MiB', samples: peak, comparison: none }),
    rowOf({ scenario, measure: 'RSS after all', unit: 'MiB', samples: after, comparison: none }),
    rowOf({
      scenario,
      measure: 'RSS after all / after the first',
      unit: '',
      samples: growth,
      comparison: { kind: 'value' },
      bar: 1.15,
    }),
    rowOf({
      scenario,
      measure: 'heap alive at the end',
      unit: 'MiB',
      samples: heap,
      comparison: none,
    }),
    rowOf({
      scenario,
      measure: 'CPU per stream',
      unit: 'µs',
      samples: cpu,
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
  return { first, after, peak, cpuMicros, heap: heapUsed / 2 ** 20 };
}
