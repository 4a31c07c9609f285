import { browserAsk, streamAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';
import { rowOf, type Row, type Samples } from '../row.ts';
import { cpuMsUnder, microsPer } from './cpu.ts';

const STREAMS = 200;

/** The second one charges the contestant with waking its readers; see `Load.isAwake`. */
const FORMS = [
  { name: 'paced', isAwake: true, bar: 1.35 },
  { name: 'paced, readers asleep', isAwake: false },
];

/** Many people read along: 200 streams at once, a token every 20 ms. */
export async function paced(bench: Bench): Promise<Row[]> {
  const chunks = await plan(bench);
  const rows: Row[] = [];
  for (const { name, isAwake, bar } of FORMS.slice(0, bench.scaled(FORMS.length, 1))) {
    const cpuMs = await cpuMsUnder(bench, {
      scenario: name,
      contestants: bench.options.quick
        ? ['raw pipe', 'sluice']
        : ['raw pipe', 'parsing relay', 'sluice'],
      askOf: (_, port) => streamAsk(port, chunks),
      ...loadOf(bench),
      isAwake,
    });
    rows.push(row(name, microsPer(STREAMS * chunks, cpuMs), bar));
  }
  return rows;
}

/** The same for browsers; the raw pipe still relays OpenAI's stream. */
export async function browser(bench: Bench): Promise<Row[]> {
  const chunks = await plan(bench);
  const cpuMs = await cpuMsUnder(bench, {
    scenario: 'browser',
    contestants: ['raw pipe', 'sluice'],
    askOf: (contestant, port) =>
      contestant === 'sluice' ? browserAsk(port, chunks) : streamAsk(port, chunks),
    ...loadOf(bench),
  });
  return [row('browser', microsPer(STREAMS * chunks, cpuMs), 2.2)];
}

async function plan(bench: Bench): Promise<number> {
  const chunks = bench.scaled(100, 40);
  await bench.plan({ chunks, textChars: 16, intervalMs: 20, spreadOver: STREAMS });
  return chunks;
}

function loadOf(bench: Bench) {
  return {
    requests: STREAMS,
    atOnce: STREAMS,
    spreadMs: 200,
    isAwake: true,
    warmUps: bench.scaled(2, 1),
  };
}

function row(scenario: string, samples: Samples, bar?: number): Row {
  return rowOf({
    scenario,
    measure: 'CPU per chunk',
    unit: 'µs',
    samples,
    comparison: { kind: 'ratio', to: 'raw pipe' },
    ...(bar !== undefined && { bar }),
  });
}
