import { streamAsk } from '../asks.ts';
import { BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import { CONTESTANTS } from '../contestants.ts';
import { ratioTo, rowsOf, type Row } from '../row.ts';
import { cpuMicrosPerUnit } from './cpu.ts';

const AT_ONCE = 32;
const CHUNKS = 200;

/** Upstreams may write every event by itself, or whatever they have together. */
const FORMS = [
  { name: 'burst', eventsPerWrite: 1, bar: BARS.burst },
  { name: 'burst, joined', eventsPerWrite: 50, bar: BARS.burstJoined },
];

/** 32 streams at once, as fast as the socket takes them. */
export async function burst(bench: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  const requests = AT_ONCE * bench.scaled(20, 5);
  for (const { name, eventsPerWrite, bar } of FORMS.slice(0, bench.scaled(FORMS.length, 1))) {
    await bench.plan({ chunks: CHUNKS, textChars: 16, eventsPerWrite });
    const perChunk = await cpuMicrosPerUnit(bench, {
      scenario: name,
      contestants: CONTESTANTS,
      askOf: (_, port) => streamAsk(port, CHUNKS),
      unit: 'chunk',
      units: requests * CHUNKS,
      requests,
      atOnce: AT_ONCE,
      spreadMs: 0,
      warmUps: 2,
    });
    rows.push(...rowsOf(name, [['CPU per chunk', 'µs', perChunk, ratioTo('parsing relay'), bar]]));
  }
  return rows;
}
