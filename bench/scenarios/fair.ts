import { setTimeout as pause } from 'node:timers/promises';
import { streamAsk } from '../asks.ts';
import { BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import { MODELS, type RunningContestant } from '../contestants.ts';
import { Collected, rowsOf, type Row, SLUICE_ALONE } from '../row.ts';
import { percentile } from '../statistics.ts';
import { warmUp } from './warm-up.ts';

const STREAMS = 50;
const FLOODS = 4;

/** What four callers that swallow all they get do to fifty that read along. */
export async function fair(bench: Bench): Promise<Row[]> {
  const alone = new Collected();
  const beside = new Collected();
  const added = new Collected();
  const delay = new Collected();
  const chunks = bench.scaled(100, 30);
  await bench.plan({ chunks: 1e9, textChars: 16 }, 'flood');
  await bench.with(['raw pipe', 'sluice'], async (running) => {
    for (const { ports } of running.values()) {
      await warmUp(bench, ports.measured, bench.scaled(2000, 500));
    }
    await bench.plan({ chunks, textChars: 16, intervalMs: 20, spreadOver: STREAMS });
    for (let run = 0; run < bench.options.runs; run += 1) {
      for (const [contestant, { ports, process }] of running) {
        const quiet = await gapP99(bench, ports, chunks);
        const ask = streamAsk(ports.flood, 0, MODELS.flood);
        await bench.hold({ ask, streams: FLOODS, spreadMs: 0, stall: false }, 'flood');
        await process.ask('startDelay');
        const loud = await gapP99(bench, ports, chunks);
        delay.add(contestant, await process.ask<number>('stopDelay'));
        await bench.release('flood');
        await pause(200);
        alone.add(contestant, quiet);
        beside.add(contestant, loud);
        added.add(contestant, loud - quiet);
      }
    }
  });
  return rowsOf('fair', [
    ['gap alone, p99', 'ms', alone],
    ['gap beside floods, p99', 'ms', beside],
    ['added by the floods', 'ms', added, SLUICE_ALONE, BARS.fairAdded],
    // What of it is the contestant's own: the rest is seven processes on the machine's cores.
    ['event-loop delay beside floods, p99', 'ms', delay],
  ]);
}

async function gapP99(
  bench: Bench,
  ports: RunningContestant['ports'],
  chunks: number,
): Promise<number> {
  const { gapsMs } = await bench.load({
    ask: streamAsk(ports.measured, chunks),
    requests: STREAMS,
    atOnce: STREAMS,
    spreadMs: 20,
    timed: { first: 2, last: chunks + 1 },
  });
  return percentile(gapsMs, 99);
}
