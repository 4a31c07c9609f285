import { browserAsk, streamAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';
import { rowOf, type Row } from '../row.ts';
import { cpuMsUnder, microsPer } from './cpu.ts';

const STREAMS = 200;

/** Many people read along: 200 streams at once, a token every 20 ms. */
export async function paced(bench: Bench): Promise<Row[]> {
  const chunks = await plan(bench);
  const cpuMs = await cpuMsUnder(bench, {
    scenario: 'paced',
    contestants: bench.options.quick
      ? ['raw pipe', 'sluice']
      : ['raw pipe', 'parsing relay', 'sluice'],
    askOf: (_, port) => streamAsk(port, chunks),
    ...loadOf(bench),
  });
  return [row('paced', microsPer(STREAMS * chunks, cpuMs), 1.35)];
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
    warmUps: bench.scaled(2, 1),
  };
}

function row(scenario: string, samples: ReturnType<typeof microsPer>, bar: number): Row {
  return rowOf({
    scenario,
    measure: 'CPU per chunk',
    unit: 'µs',
    samples,
    comparison: { kind: 'ratio', to: 'raw pipe' },
    bar,
  });
}
