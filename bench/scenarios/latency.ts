import { streamAsk } from '../asks.ts';
import { BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import type { Contestant } from '../contestants.ts';
import { Collected, differenceTo, rowsOf, type Row } from '../row.ts';
import { percentile } from '../statistics.ts';
import { warmUp } from './warm-up.ts';

const DELTAS = 64;
const INTERVAL_MS = 20;
/** The role comes before the first delta. */
const TIMED = { first: 2, last: DELTAS + 1 };

const MEASURES = [
  { of: 'firstMs', name: 'time to first token', percent: 50, bar: BARS.firstTokenP50 },
  { of: 'firstMs', name: 'time to first token', percent: 99, bar: BARS.firstTokenP99 },
  { of: 'gapsMs', name: 'gap between frames', percent: 50, bar: undefined },
  { of: 'gapsMs', name: 'gap between frames', percent: 99, bar: BARS.gapP99 },
] as const;

/** What a caller waits, directly at the upstream and through a relay. */
export async function latency(bench: Bench): Promise<Row[]> {
  const one = bench.options.quick ? [] : await withStreams(bench, 1, 3);
  return [...one, ...(await withStreams(bench, 64, bench.scaled(64 * 3, 64)))];
}

async function withStreams(bench: Bench, atOnce: number, requests: number): Promise<Row[]> {
  const measured = MEASURES.map((measure) => ({ ...measure, samples: new Collected() }));
  await bench.with(['raw pipe', 'sluice'], async (running) => {
    const ports = new Map<'direct' | Contestant, number>([['direct', bench.ports.measured]]);
    for (const [contestant, { ports: own }] of running) ports.set(contestant, own.measured);
    for (const port of ports.values()) await warmUp(bench, port, bench.scaled(2000, 500));
    await bench.plan({ chunks: DELTAS, textChars: 16, intervalMs: INTERVAL_MS });
    for (let run = 0; run < bench.options.runs; run += 1) {
      for (const [contestant, port] of ports) {
        // Starts are spread over a stream's life: a crowd at once would measure its queue.
        const spreadMs = atOnce === 1 ? 0 : DELTAS * INTERVAL_MS;
        const ask = streamAsk(port, DELTAS);
        const times = await bench.load({ ask, requests, atOnce, spreadMs, timed: TIMED });
        for (const { of, percent, samples } of measured) {
          samples.add(contestant, percentile(times[of], percent));
        }
      }
    }
  });
  return rowsOf(
    `latency, ${atOnce} at once`,
    measured.map(({ name, percent, samples, bar }) => [
      `${name}, p${percent}`,
      'ms',
      samples,
      differenceTo('raw pipe'),
      atOnce > 1 ? bar : undefined,
    ]),
  );
}
