import type { PrometheusServer, Series } from '../support/prometheus-server.js';
import { type Panel, withVariables } from './dashboard.js';

/** A series of a panel, as its legend calls it. */
export interface Line extends Series {
  readonly name: string;
}

/** What the dashboard shows: from when to when, and in which steps, in seconds. */
export interface Shown {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The answers to a query of a panel: as one moment, or over the time that is shown. */
export async function answersTo(
  prometheus: PrometheusServer,
  panel: Panel,
  { start, end, step }: Shown,
): Promise<readonly (readonly Line[])[]> {
  return Promise.all(
    panel.targets.map(async ({ expr, legendFormat, instant }) => {
      const query = withVariables(expr, Math.ceil(end - start));
      const answer = instant
        ? await prometheus.query(query)
        : await prometheus.queryRange(query, start, end, step);
      return answer.map((series) => ({ ...series, name: nameOf(series, legendFormat) }));
    }),
  );
}

/** Whether there is a number in it: a share of nothing is none. */
export function hasNumber(lines: readonly Line[]): boolean {
  return lines.some(({ points }) => points.some(([, value]) => Number.isFinite(value)));
}

function nameOf({ metric }: Series, legend: string): string {
  return legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
}
