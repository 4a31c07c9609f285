import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { ACCESS_CONTESTANTS, CONTESTANTS, TRACES_CONTESTANTS } from './contestants.ts';
import { NGINX_VERSION } from './nginx.ts';
import type { Options } from './options.ts';
import type { Row } from './row.ts';
import type { Summary } from './statistics.ts';

/** Where and when; figures of two machines do not compare. */
export interface Circumstances {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly nginx: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  /** What else the machine did in the minute before. */
  readonly loadBefore: number;
  readonly runs: number;
  readonly quick: boolean;
}

export interface Report {
  readonly circumstances: Circumstances;
  readonly rows: readonly Row[];
}

export function circumstances({ runs, quick }: Options): Circumstances {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    nginx: NGINX_VERSION ?? 'left out, not on PATH and not in /usr/sbin',
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    loadBefore: round(loadavg()[0]!),
    runs,
    quick,
  };
}

/** `direct` is the upstream without anything before it. */
const COLUMNS = ['direct', ...CONTESTANTS, ACCESS_CONTESTANTS[0], TRACES_CONTESTANTS[0]] as const;

function rowsTable(rows: readonly Row[]): string {
  const columns = COLUMNS.filter((name) => rows.some(({ contestants }) => name in contestants));
  return tableOf(
    ['scenario', 'measure', ...columns, 'figure', 'bar', 'met'],
    rows.map(({ scenario, measure, unit, contestants, ...of }) => [
      scenario,
      measure,
      ...columns.map((name) => summary(contestants[name], unit)),
      ...figureCells(of),
    ]),
  );
}

/** Whether the bars that the project is held to are met, as far as they were measured. */
function barsTable(rows: readonly Row[]): string[] {
  const principal = rows.filter(({ bar }) => bar?.isPrincipal);
  if (principal.length === 0) return [];
  const lines = principal.map((row) => [`${row.scenario}: ${row.measure}`, ...figureCells(row)]);
  return ['', 'Bars', '', tableOf(['what', 'figure', 'bar', 'met'], lines)];
}

function figureCells({ figure, bar }: Pick<Row, 'figure' | 'bar'>): string[] {
  return [
    figure ? `${spread(figure)} ${figure.of}` : '',
    bar ? `≤ ${bar.atMost}` : '',
    bar ? (bar.isMet ? 'yes' : 'NO') : '',
  ];
}

function tableOf(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((_, column) =>
    Math.max(...[headings, ...rows].map((line) => line[column]!.length)),
  );
  const [head, ...body] = [headings, ...rows].map(
    (line) => `| ${line.map((cell, n) => cell.padEnd(widths[n]!)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [head, rule, ...body].join('\n');
}

export function textOf({ circumstances: at, rows }: Report): string {
  return [
    `Sluice ${at.commit}, ${at.date}${at.quick ? ', quick' : ''}: median of ${at.runs} (min to max).`,
    `${at.cpu}, ${at.cores} cores, ${at.memoryGiB} GiB, ${at.kernel}, Node.js ${at.node}, nginx ${at.nginx}; load before: ${at.loadBefore}.`,
    // A starved upstream sends several chunks at once, which cost less: bars are met that are not.
    ...(at.loadBefore > at.cores ? ['The machine was busy: these figures say nothing.'] : []),
    '',
    rowsTable(rows),
    ...barsTable(rows),
  ].join('\n');
}

/** @returns the files written */
export function save(report: Report): string[] {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const { date, commit: short } = report.circumstances;
  const name = `${date.slice(0, 10)}-${short}`;
  const json = new URL(`${name}.json`, folder);
  const markdown = new URL(`${name}.md`, folder);
  writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(markdown, `${textOf(report)}\n`);
  return [json.pathname, markdown.pathname];
}

function summary(of: Summary | null | undefined, unit: string): string {
  if (of === null) return 'left out: not found';
  return of ? `${spread(of)} ${unit}`.trim() : '';
}

function spread({ min, median, max }: Summary): string {
  return min === max ? `${round(median)}` : `${round(median)} (${round(min)}–${round(max)})`;
}

function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toFixed(2));
}

function commit(): string {
  try {
    return (
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', 'src') ? '-dirty' : '')
    );
  } catch {
    return 'unknown';
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' }).trim();
}
