import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly instant?: boolean;
}

interface ValueMeaning {
  readonly text: string;
  readonly color: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit?: string;
      readonly max?: number;
      /** What values mean, by the value as text. */
      readonly mappings?: readonly { readonly options: Readonly<Record<string, ValueMeaning>> }[];
      readonly custom?: { readonly stacking?: { readonly mode: string } };
    };
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly targets: readonly Target[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
  readonly allValue?: string;
}

export interface Dashboard {
  readonly title: string;
  readonly schemaVersion: number;
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly expr: string }[];
  };
  readonly templating: { readonly list: readonly Variable[] };
  /** With rows, which have no targets. */
  readonly panels: readonly (Panel | { readonly type: 'row'; readonly title: string })[];
}

/** The dashboard that is shipped, as Grafana would import it. */
export const DASHBOARD = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../deploy/grafana/sluice.json'), 'utf8'),
) as Dashboard;

export const PANELS = DASHBOARD.panels.filter((panel): panel is Panel => 'targets' in panel);

/** How far back a rate looks: four scrapes or more, as Grafana has it. */
export const RATE_SECONDS = 4;

/** A query as Grafana sends it with "All" in each of its variables. */
export function withVariables(expr: string, rangeSeconds = 60): string {
  const values: Record<string, string> = {
    __rate_interval: `${RATE_SECONDS}s`,
    __range: `${rangeSeconds}s`,
  };
  for (const { name, allValue } of DASHBOARD.templating.list) {
    if (allValue !== undefined) values[name] = allValue;
  }
  return expr.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`There is no variable $${name} in ${expr}.`);
    return value;
  });
}
