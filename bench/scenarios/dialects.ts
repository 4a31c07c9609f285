import { setTimeout as pause } from 'node:timers/promises';
import { messagesAsk, responsesAsk, streamAsk } from '../asks.ts';
import { BARS } from '../bars.ts';
import type { Bench } from '../bench.ts';
import { CLAUDE, MODELS } from '../contestants.ts';
import type { Ask, Load } from '../load.ts';
import type { Plan } from '../upstream.ts';
import { Collected, ratioTo, rowsOf, type Row } from '../row.ts';

/** What is done after the last byte belongs to the run. */
const SETTLE_MS = 100;

const BASE = 'chat completions';

/** Each way from an upstream's dialect to a caller's. */
const WAYS: readonly (readonly [string, (port: number, chunks: number) => Ask])[] = [
  [BASE, streamAsk],
  ['messages, passed on', (port, chunks) => messagesAsk(port, chunks, CLAUDE)],
  ['messages, translated', (port, chunks) => messagesAsk(port, chunks, MODELS.measured)],
  ['responses, translated', (port, chunks) => responsesAsk(port, chunks, MODELS.measured)],
  [
    'chat completions, translated',
    // Its finish reason and its usage come as one event of Anthropic's.
    (port, chunks) => ({ ...streamAsk(port, chunks, CLAUDE), events: chunks + 3 }),
  ],
];

/** What a dialect costs: the same answers, passed on and translated, by one process in turns. */
export async function dialects(bench: Bench): Promise<Row[]> {
  const paced = bench.scaled(100, 40);
  const requests = 32 * bench.scaled(20, 5);
  return [
    ...(await measure(
      bench,
      'paced',
      { chunks: paced, textChars: 16, intervalMs: 20, spreadOver: 200 },
      { requests: 200, atOnce: 200, spreadMs: 200, isAwake: true },
    )),
    ...(await measure(
      bench,
      'burst',
      { chunks: 200, textChars: 16 },
      { requests, atOnce: 32, spreadMs: 0 },
    )),
  ];
}

async function measure(
  bench: Bench,
  form: string,
  plan: Plan,
  load: Omit<Load, 'ask'>,
): Promise<Row[]> {
  await bench.plan(plan);
  const samples = await bench.with(['sluice'], async (running) => {
    const { process, ports } = running.get('sluice')!;
    const collected = new Collected();
    for (let run = -2; run < bench.options.runs; run += 1) {
      for (const [name, askOf] of WAYS) {
        const before = process.cpuMs;
        await bench.load({ ...load, ask: askOf(ports.measured, plan.chunks) });
        await pause(SETTLE_MS);
        const units = load.requests * plan.chunks;
        if (run >= 0) collected.add(name, ((process.cpuMs - before) * 1000) / units);
      }
    }
    return collected;
  });
  return WAYS.slice(1).flatMap(([name]) =>
    rowsOf(`dialects, ${form}: ${name}`, [
      [
        'CPU per chunk',
        'µs',
        new Map([
          [BASE, samples.get(BASE)!],
          ['sluice', samples.get(name)!],
        ]),
        ratioTo(BASE),
        name === 'messages, passed on' ? BARS.dialectPassed : BARS.dialectTranslated,
      ],
    ]),
  );
}
