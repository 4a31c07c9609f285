import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import type { Contestant, RunningContestant } from '../contestants.ts';
import type { Ask, Load } from '../load.ts';
import { NGINX_VERSION } from '../nginx.ts';
import { printProfile } from '../profile.ts';
import { Collected, type Samples } from '../row.ts';

const PROFILES = fileURLToPath(new URL('../../node_modules/.cache/bench', import.meta.url));

/** What is done after the last byte (closing, counting, logging) belongs to the run. */
const SETTLE_MS = 100;

interface CpuLoad extends Omit<Load, 'ask'> {
  readonly scenario: string;
  readonly contestants: readonly Contestant[];
  readonly askOf: (contestant: Contestant, port: number) => Ask;
  readonly warmUps: number;
  /** What the CPU of a run is divided by. */
  readonly unit: 'chunk' | 'answer' | 'request';
  readonly units: number;
}

/** Microseconds of CPU for each unit of work, run by run, under the same load in turns. */
export async function cpuMicrosPerUnit(bench: Bench, load: CpuLoad): Promise<Samples> {
  const found = load.contestants.filter((contestant) => contestant !== 'nginx' || NGINX_VERSION);
  return bench.with(found, async (running) => {
    const samples = new Collected(load.contestants.map((contestant) => [contestant, []]));
    for (let run = -load.warmUps; run < bench.options.runs; run += 1) {
      for (const [contestant, { process, ports }] of running) {
        const before = process.cpuMs;
        await bench.load({ ...load, ask: load.askOf(contestant, ports.measured) });
        await pause(SETTLE_MS);
        if (run >= 0) samples.add(contestant, ((process.cpuMs - before) * 1000) / load.units);
      }
    }
    const sluice = running.get('sluice');
    if (bench.options.profile && sluice) await profile(bench, load, sluice);
    return samples;
  });
}

async function profile(
  bench: Bench,
  load: CpuLoad,
  { process, ports }: RunningContestant,
): Promise<void> {
  mkdirSync(PROFILES, { recursive: true });
  const file = `${PROFILES}/${load.scenario.replaceAll(/\W+/g, '-')}.cpuprofile`;
  await process.ask('startProfile');
  const before = process.cpuMs;
  await bench.load({ ...load, ask: load.askOf('sluice', ports.measured) });
  const cpuMs = process.cpuMs - before;
  await process.ask('stopProfile', { file });
  printProfile(file, { ...load, cpuMs });
}

export function mapped(samples: Samples, to: (value: number) => number): Samples {
  return new Map([...samples].map(([name, values]) => [name, values.map(to)]));
}
