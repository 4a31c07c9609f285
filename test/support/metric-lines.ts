import type { Gateway } from './gateway.js';

/** One sample of `/metrics`. */
export interface MetricLine {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Name and labels as they stand there. */
  readonly series: string;
  readonly value: number;
}

/** What `/metrics` says about metrics with one of these prefixes. */
export class MetricLines {
  readonly types = new Map<string, string>();
  readonly lines: readonly MetricLine[];

  private constructor(text: string, prefixes: RegExp) {
    const rows = text.split('\n').filter((row) => prefixes.test(row.replace(/^# TYPE /, '')));
    for (const row of rows.filter((each) => each.startsWith('#'))) {
      const [name, type] = row.replace('# TYPE ', '').split(' ');
      this.types.set(name!, type!);
    }
    this.lines = rows.filter((row) => !row.startsWith('#')).map(lineOf);
  }

  static async read(
    gateway: Gateway,
    prefixes = /^(llm|sluice)_/,
    headers: Record<string, string> = {},
  ): Promise<MetricLines> {
    return new MetricLines(await (await gateway.get('/metrics', headers)).text(), prefixes);
  }

  /** All values that a label has anywhere. */
  valuesOf(label: string): Set<string> {
    return new Set(this.lines.flatMap(({ labels }) => labels[label] ?? []));
  }
}

function lineOf(row: string): MetricLine {
  const end = row.lastIndexOf(' ');
  const series = row.slice(0, end);
  const [name = ''] = series.split('{');
  const pairs = [...series.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  const labels = Object.fromEntries(pairs.map(([, label, value]) => [label!, value!]));
  return { name, labels, series, value: Number(row.slice(end + 1)) };
}

/**
 * By how much each series of ours changed while `act` ran; those that did not are left out, and so
 * are buckets, sums, seconds, and the pace of streams, which only those have whose tokens came apart. Metrics belong to the process, so only differences mean anything.
 */
export async function changes(
  gateway: Gateway,
  act: () => Promise<unknown>,
  headers?: Record<string, string>,
): Promise<Record<string, number>> {
  const before = await counts(gateway, headers);
  await act();
  const after = await counts(gateway, headers);
  const changed = [...after].map(([series, value]) => [series, value - (before.get(series) ?? 0)]);
  return Object.fromEntries(changed.filter(([, by]) => by !== 0)) as Record<string, number>;
}

async function counts(
  gateway: Gateway,
  headers?: Record<string, string>,
): Promise<Map<string, number>> {
  const { lines } = await MetricLines.read(gateway, undefined, headers);
  const counted = lines.filter(
    ({ name }) => !/_(bucket|sum|seconds_total)$|tokens_per_second/.test(name),
  );
  return new Map(counted.map(({ series, value }) => [series, value]));
}
