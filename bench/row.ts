import { type Summary, summaryOf } from './statistics.ts';

/** What each contestant came to in each run. */
export type Samples = ReadonlyMap<string, readonly number[]>;

/** How a row's figure comes about: from Sluice's alone, or from it and another's of the same run. */
type Comparison =
  | { readonly kind: 'value' }
  | { readonly kind: 'ratio' | 'difference'; readonly to: string }
  | { readonly kind: 'none' };

interface Measured {
  readonly scenario: string;
  readonly measure: string;
  readonly unit: string;
  readonly samples: Samples;
  readonly comparison: Comparison;
  /** The most that the figure may be. */
  readonly bar?: number;
}

/** One line of the report. */
export interface Row {
  readonly scenario: string;
  readonly measure: string;
  readonly unit: string;
  readonly contestants: Readonly<Record<string, Summary>>;
  readonly figure?: Summary & { readonly of: string };
  readonly bar?: number;
  readonly met?: boolean;
}

export function rowOf({ samples, comparison, bar, ...names }: Measured): Row {
  const contestants = Object.fromEntries([...samples].map(([name, of]) => [name, summaryOf(of)]));
  const values = compared(samples, comparison);
  if (!values) return { ...names, contestants };
  const figure = { ...summaryOf(values), of: wordsOf(comparison) };
  if (bar === undefined) return { ...names, contestants, figure };
  return { ...names, contestants, figure, bar, met: figure.median <= bar };
}

/** Run by run: contestants that took turns had the same noise. */
function compared(samples: Samples, comparison: Comparison): readonly number[] | undefined {
  const sluice = samples.get('sluice') ?? [];
  if (comparison.kind === 'none') return undefined;
  if (comparison.kind === 'value') return sluice;
  const others = samples.get(comparison.to) ?? [];
  return sluice.map((value, run) =>
    comparison.kind === 'ratio' ? value / others[run]! : value - others[run]!,
  );
}

function wordsOf(comparison: Comparison): string {
  switch (comparison.kind) {
    case 'ratio':
      return `× ${comparison.to}`;
    case 'difference':
      return `over ${comparison.to}`;
    case 'value':
    case 'none':
      return 'sluice';
  }
}

/** Collects samples, contestant by contestant. */
export class Collected extends Map<string, number[]> {
  add(contestant: string, value: number): void {
    const values = this.get(contestant);
    if (values) values.push(value);
    else this.set(contestant, [value]);
  }
}
