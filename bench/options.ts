import { parseArgs } from 'node:util';

export interface Options {
  /** Fewer runs of less load: for a first impression. */
  readonly quick: boolean;
  readonly json: boolean;
  /** Write the result to `bench/results/`. */
  readonly save: boolean;
  /** Scenarios to run; empty: all. */
  readonly only: readonly string[];
  readonly runs: number;
  /** After the runs of a scenario that counts CPU, one more under a profiler. */
  readonly profile: boolean;
}

export function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string' },
      profile: { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs must be a whole number from 1.');
  return { ...values, only: values.only.flatMap((names) => names.split(',')), runs };
}
