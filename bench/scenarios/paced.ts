import { browserAsk, streamAsk } from '../asks.ts';
import { type Bar, BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import { CONTESTANTS } from '../contestants.ts';
import { ratioTo, rowsOf, type Row, type Samples } from '../row.ts';
import { cpuMicrosPerUnit } from './cpu.ts';

const STREAMS = 200;

/** The second one charges the contestant with waking its readers; see `Load.isAwake`. */
const FORMS = [
  { name: 'paced', isAwake: true, bar: BARS.paced },
  { name: 'paced, readers asleep', isAwake: false, bar: undefined },
];

/** Many people read along: 200 streams at once, a token every 20 ms. */
export async function paced(bench: Bench): Promise<Row[]> {
  const chunks = await plan(bench);
  const rows: Row[] = [];
  for (const { name, isAwake, bar } of FORMS.slice(0, bench.scaled(FORMS.length, 1))) {
    const perChunk = await cpuMicrosPerUnit(bench, {
      scenario: name,
      contestants: CONTESTANTS,
      askOf: (_, port) => streamAsk(port, chunks),
      ...loadOf(bench, chunks),
      isAwake,
    });
    rows.push(...rowsFor(name, perChunk, bar));
  }
  return rows;
}

/** The same for browsers; the raw pipe still relays OpenAI's stream. */
export async function browser(bench: Bench): Promise<Row[]> {
  const chunks = await plan(bench);
  const perChunk = await cpuMicrosPerUnit(bench, {
    scenario: 'browser',
    contestants: ['raw pipe', 'sluice'],
    askOf: (contestant, port) =>
      contestant === 'sluice' ? browserAsk(port, chunks) : streamAsk(port, chunks),
    ...loadOf(bench, chunks),
  });
  return rowsFor('browser', perChunk, BARS.browser);
}

async function plan(bench: Bench): Promise<number> {
  const chunks = bench.scaled(100, 40);
  await bench.plan({ chunks, textChars: 16, intervalMs: 20, spreadOver: STREAMS });
  return chunks;
}

function loadOf(bench: Bench, chunks: number) {
  return {
    unit: 'chunk' as const,
    units: STREAMS * chunks,
    requests: STREAMS,
    atOnce: STREAMS,
    spreadMs: 200,
    isAwake: true,
    warmUps: bench.scaled(2, 1),
  };
}

function rowsFor(scenario: string, perChunk: Samples, bar: Bar | undefined): Row[] {
  return rowsOf(scenario, [['CPU per chunk', 'µs', perChunk, ratioTo('raw pipe'), bar]]);
}
