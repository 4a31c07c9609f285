import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { namesIn } from './promql.js';

const ROOT = join(import.meta.dirname, '../..');

export const METRICS_PAGE = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8');

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly unknown[] }[];
}

export const RECORDING_RULES = rulesIn('rules.yaml') as readonly RecordingRule[];
export const ALERT_RULES = rulesIn('alerts.yaml') as readonly AlertRule[];

function rulesIn(file: string): readonly unknown[] {
  const text = readFileSync(join(ROOT, 'deploy/prometheus', file), 'utf8');
  return (parse(text) as RuleFile).groups.flatMap(({ rules }) => rules);
}

/** What Prometheus itself adds to every series that it scrapes. */
const OF_TARGETS = ['job', 'instance'];

/** Series of Prometheus' own. */
const OF_PROMETHEUS: readonly (readonly [string, readonly string[]])[] = [
  ['up', OF_TARGETS],
  ['ALERTS', ['alertname', 'alertstate', 'severity']],
];

/**
 * Every series that queries may name, with its labels: those that docs/metrics.md has (a test holds
 * it against `/metrics`), those of the process and of Node as they are exposed, and those of the
 * recording rules.
 */
export function knownSeries(
  exposedDefaults: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, ReadonlySet<string>>();
  for (const [name, labels] of OF_PROMETHEUS) known.set(name, new Set(labels));
  for (const [name, labels] of exposedDefaults)
    known.set(name, new Set([...labels, ...OF_TARGETS]));
  for (const { name, type, labels } of documentedMetrics()) {
    const all = [...labels, ...OF_TARGETS];
    if (type !== 'histogram') known.set(name, new Set(all));
    else {
      known.set(`${name}_bucket`, new Set([...all, 'le']));
      for (const part of ['sum', 'count']) known.set(`${name}_${part}`, new Set(all));
    }
  }
  // In their order: some are made of those before.
  for (const { record, expr, labels = {} } of RECORDING_RULES) {
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, by]) => by!.split(', '));
    const recorded = [...namesIn(expr).metrics].filter((metric) => isRecorded(metric));
    const inherited = recorded.flatMap((metric) => [...(known.get(metric) ?? [])]);
    known.set(record, new Set([...grouped, ...inherited, ...Object.keys(labels)]));
  }
  return known;
}

function isRecorded(metric: string): boolean {
  return RECORDING_RULES.some(({ record }) => record === metric);
}

function documentedMetrics(): {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}[] {
  const rows = METRICS_PAGE.split('\n').filter((line) => /^\| `(llm|sluice)_/.test(line));
  return rows.map((row) => {
    const [, name = '', type = '', labels = ''] = row.split('|').map((cell) => cell.trim());
    return { name: quoted(name)[0]!, type, labels: quoted(labels) };
  });
}

/** The values that a label can have, by its tables in docs/metrics.md. */
export function documentedValues(heading: string): ReadonlySet<string> {
  const [, table] = METRICS_PAGE.split(new RegExp(`^\\| ${heading} +\\|`, 'm'));
  if (table === undefined) throw new Error(`docs/metrics.md has no table of "${heading}".`);
  const rows = table
    .split('\n\n')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  return new Set(rows.map((row) => quoted(row)[0]!));
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
}
