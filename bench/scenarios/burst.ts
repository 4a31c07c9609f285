import { streamAsk } from '../asks.ts';
import type { Bench } from '../bench.ts';
import { rowOf, type Row } from '../row.ts';
import { cpuMsUnder, microsPer } from './cpu.ts';

const AT_ONCE = 32;
const CHUNKS = 200;

/** Upstreams may write every event by itself, or whatever they have together. */
const FORMS = [
  { name: 'burst', eventsPerWrite: 1 },
  { name: 'burst, joined', eventsPerWrite: 50 },
];

/** 32 streams at once, as fast as the socket takes them. */
export async function burst(bench: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  const requests = AT_ONCE * bench.scaled(20, 5);
  for (const { name, eventsPerWrite } of FORMS.slice(0, bench.scaled(FORMS.length, 1))) {
    await bench.plan({ chunks: CHUNKS, textChars: 16, eventsPerWrite });
    const cpuMs = await cpuMsUnder(bench, {
      scenario: name,
      contestants: ['raw pipe', 'parsing relay', 'sluice'],
      askOf: (_, port) => streamAsk(port, CHUNKS),
      requests,
      atOnce: AT_ONCE,
      spreadMs: 0,
      warmUps: 2,
    });
    rows.push(
      rowOf({
        scenario: name,
        measure: 'CPU per chunk',
        unit: 'µs',
        samples: microsPer(requests * CHUNKS, cpuMs),
        comparison: { kind: 'ratio', to: 'parsing relay' },
        bar: 2,
      }),
    );
  }
  return rows;
}
