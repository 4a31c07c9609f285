import type { SoakResult } from './soak.js';
import type { Sample } from '../load/watched-sluice.js';

/** One line of the table: what was measured, and what it must be. */
export interface Figure {
  readonly name: string;
  readonly value: string | number;
  readonly bound: string;
  readonly ok: boolean;
}

/** How much more than after the first quarter there may be at the end. */
const RSS_GROWTH = 0.15;
const HEAP_GROWTH = 0.1;

/** Counts of objects waver a little: what a parser or a pool keeps for the next one. */
const OBJECTS_SLACK = 20;

/** The figures of a soak, each with its verdict. */
export function figuresOf(result: SoakResult): Figure[] {
  const { ledger, before, after, samples } = result;
  const start = samples[0]!;
  const first = samples[1]!;
  const last = samples.at(-1)!;
  const streams = after.streams - before.streams;
  const rejections = after.rejections - before.rejections;
  // Without /proc there is only what the process says of itself, which wavers.
  const rssOf = (quarter: number) => {
    const settled = result.settledRss[quarter] ?? Infinity;
    return Number.isFinite(settled) ? settled : samples[quarter + 1]!.rssBytes;
  };
  return [
    fact('seed', result.settings.seed),
    fact('requests', result.settings.streams),
    fact('seconds', Math.round(result.seconds)),
    fact('requests to upstreams', result.upstreamRequests),
    fact('recoveries', after.recoveries - before.recoveries),
    exactly('llm_streams_total + llm_rejections_total', streams + rejections, ledger.counted),
    exactly('log lines of ends', ledger.lines, streams),
    exactly('broken promises to callers', ledger.violationCount, 0),
    exactly('internal errors', after.internalErrors - before.internalErrors, 0),
    exactly('llm_active_streams at the end', after.active, 0),
    exactly('connections to upstreams at the end', result.upstreamConnections, 0),
    atMost('sockets of the process', last.sockets ?? 0, start.sockets ?? 0),
    ...resourceFigures(start, last),
    ...objectFigures(first, last),
    exactly('warnings', last.warnings.join('; ') || 'none', 'none'),
    exactly('unhandled rejections', last.unhandled, 0),
    growth('RSS at rest (MiB), first to last quarter', rssOf(0), rssOf(3), RSS_GROWTH),
    growth(
      'heap after GC (MiB), first to last quarter',
      first.heapBytes,
      last.heapBytes,
      HEAP_GROWTH,
    ),
    exactly('exit code', result.exitCode, 0),
  ];
}

/** The figures as a table, with what callers saw, what ended how, and what went wrong. */
export function reportOf(result: SoakResult, figures: readonly Figure[]): string {
  const { ledger, faults, samples, oddLines, rssUnderLoad, settledRss, lateTimers } = result;
  const rows = figures.map(({ name, value, bound, ok }) => [
    ok ? 'ok' : 'NO',
    name,
    String(value),
    bound,
  ]);
  const mib = samples.map(({ rssBytes, heapBytes }) => `${inMib(rssBytes)}/${inMib(heapBytes)}`);
  return [
    tableOf(['', 'figure', 'measured', 'must be'], rows),
    `RSS and heap after GC (MiB), at the start and after each quarter: ${mib.join('  ')}`,
    ...rssUnderLoad.map((rss, n) => {
      const [least = 0, median = 0, most = 0] = [0, 0.5, 1].map((share) => quantile(rss, share));
      const { reservedBytes, externalBytes } = samples[n + 1]!;
      const rest = `reserved ${inMib(reservedBytes)}, external ${inMib(externalBytes)}`;
      return `Quarter ${n + 1}: RSS under load (MiB) ${inMib(least)} / ${inMib(median)} / ${inMib(most)}; at rest ${inMib(settledRss[n] ?? 0)}; ${rest}`;
    }),
    ...[...lateTimers].map((timer) => `A timer that was late: ${timer}`),
    `What callers saw: ${tallyOf(ledger.views)}`,
    `What Sluice ended them as: ${tallyOf(ledger.ends)}`,
    `What upstreams did: ${tallyOf(faults)}`,
    ...samples.flatMap(({ timers }, n) =>
      timers.map((timer) => `A timer after quarter ${n}: ${timer}`),
    ),
    ...(ledger.violations.length > 0 ? ['Broken promises:', ...ledger.violations] : []),
    ...(oddLines.length > 0 ? ['Other lines of the log:', ...oddLines] : []),
    '',
  ].join('\n');
}

function fact(name: string, value: string | number): Figure {
  return { name, value, bound: '', ok: true };
}

function exactly(name: string, value: string | number, bound: string | number): Figure {
  return { name, value, bound: String(bound), ok: value === bound };
}

function atMost(name: string, value: number, bound: number): Figure {
  return { name, value, bound: `≤ ${bound}`, ok: value <= bound };
}

function growth(name: string, from: number, to: number, most: number): Figure {
  const by = to / from - 1;
  const percent = `${inMib(from)} → ${inMib(to)} (${(by * 100).toFixed(1)} %)`;
  return { name, value: percent, bound: `≤ ${most * 100} %`, ok: by <= most };
}

/** Timers, sockets and whatever else keeps the event loop alive: none more than when nobody had asked yet. */
function resourceFigures(start: Sample, last: Sample): Figure[] {
  const atStart = new Map(start.resources);
  return last.resources.map(([name, count]) =>
    atMost(`active resources: ${name}`, count, atStart.get(name) ?? 0),
  );
}

function objectFigures(first: Sample, last: Sample): Figure[] {
  const atFirst = new Map(first.objects);
  return last.objects.map(([name, count]) =>
    atMost(`living objects: ${name}`, count, (atFirst.get(name) ?? 0) + OBJECTS_SLACK),
  );
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.round(share * (sorted.length - 1))] ?? 0;
}

function inMib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function tallyOf(tally: ReadonlyMap<string, number>): string {
  const entries = [...tally].toSorted(([, one], [, other]) => other - one);
  return entries.map(([name, count]) => `${name} ${count}`).join(', ');
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, n) =>
    Math.max(title.length, ...rows.map((row) => row[n]!.length)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
