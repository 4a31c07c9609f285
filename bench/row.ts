import type { Bar } from './bars.ts';
import { type Summary, summaryOf } from './statistics.ts';

/** What each contestant came to in each run; empty: it was not found on this machine. */
export type Samples = ReadonlyMap<string, readonly number[]>;

/** How a row's figure comes of Sluice's value and of another's in the same run. */
interface Comparison {
  readonly words: string;
  readonly to: string;
  readonly of: (sluice: number, other: number) => number;
}

export const SLUICE_ALONE: Comparison = { words: 'sluice', to: 'sluice', of: (sluice) => sluice };

export function ratioTo(to: string): Comparison {
  return { words: `× ${to}`, to, of: (sluice, other) => sluice / other };
}

export function differenceTo(to: string): Comparison {
  return { words: `over ${to}`, to, of: (sluice, other) => sluice - other };
}

/** One line of the report. */
export interface Row {
  readonly scenario: string;
  readonly measure: string;
  readonly unit: string;
  /** `null`: left out, because it was not found. */
  readonly contestants: Readonly<Record<string, Summary | null>>;
  readonly figure?: (Summary & { readonly of: string }) | undefined;
  readonly bar?: (Bar & { readonly isMet: boolean }) | undefined;
}

type Line = readonly [
  measure: string,
  unit: string,
  samples: Samples,
  comparison?: Comparison,
  bar?: Bar | undefined,
];

export function rowsOf(scenario: string, lines: readonly Line[]): Row[] {
  return lines.map(([measure, unit, samples, comparison, bar]) => {
    const contestants = Object.fromEntries(
      [...samples].map(([name, of]) => [name, of.length > 0 ? summaryOf(of) : null]),
    );
    const figure = comparison && figureOf(samples, comparison);
    return {
      scenario,
      measure,
      unit,
      contestants,
      figure,
      bar: figure && bar && { ...bar, isMet: figure.median <= bar.atMost },
    };
  });
}

/** Compares run by run: contestants that took turns had the same noise. */
function figureOf(samples: Samples, { words, to, of }: Comparison) {
  const others = samples.get(to) ?? [];
  const values = (samples.get('sluice') ?? []).map((value, run) => of(value, others[run]!));
  return { ...summaryOf(values), of: words };
}

/** Collects samples, contestant by contestant. */
export class Collected extends Map<string, number[]> {
  add(contestant: string, value: number): void {
    const values = this.get(contestant);
    if (values) values.push(value);
    else this.set(contestant, [value]);
  }
}
