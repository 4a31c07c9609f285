import type { Bench } from '../bench.ts';
import type { Contestant } from '../contestants.ts';
import type { Ask } from '../load.ts';
import type { Samples } from '../row.ts';
import { cpuMicrosPerUnit } from './cpu.ts';

const CHUNKS = 5;
const STREAMS = 200;

interface Feature {
  readonly scenario: string;
  /** Sluice without the feature, and with it. */
  readonly contestants: readonly Contestant[];
  readonly askOf: (contestant: Contestant, port: number, chunks: number) => Ask;
}

/** CPU of Sluice with a feature and without it: per answer of a few chunks, and per chunk of paced streams. */
export async function featureCost(
  bench: Bench,
  { scenario, contestants, askOf }: Feature,
): Promise<{ readonly perAnswer: Samples; readonly perChunk: Samples }> {
  await bench.plan({ chunks: CHUNKS, textChars: 16 });
  // Fewer than 2,000 are not enough for a difference of some microseconds.
  const requests = bench.scaled(10_000, 2000);
  const perAnswer = await cpuMicrosPerUnit(bench, {
    scenario,
    contestants,
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
    scenario: `${scenario}, paced`,
    contestants,
    askOf: (contestant, port) => askOf(contestant, port, chunks),
    unit: 'chunk',
    units: STREAMS * chunks,
    requests: STREAMS,
    atOnce: STREAMS,
    spreadMs: 200,
    isAwake: true,
    warmUps: bench.scaled(2, 1),
  });
  return { perAnswer, perChunk };
}
