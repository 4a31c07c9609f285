import type { Bench } from '../bench.ts';
import type { RunningContestant } from '../contestants.ts';
import { Collected, type Samples } from '../row.ts';

/** What `measure` finds of each contestant, by figure; each time in a process that is new. */
export async function figuresOf<Figure extends string>(
  bench: Bench,
  measure: (contestant: RunningContestant) => Promise<Readonly<Record<Figure, number>>>,
): Promise<Readonly<Record<Figure, Samples>>> {
  const figures: Partial<Record<Figure, Collected>> = {};
  for (let run = 0; run < bench.options.runs; run += 1) {
    for (const contestant of ['raw pipe', 'sluice'] as const) {
      const found = await bench.with([contestant], (running) => measure(running.get(contestant)!));
      for (const figure of Object.keys(found) as Figure[]) {
        (figures[figure] ??= new Collected()).add(contestant, found[figure]);
      }
    }
  }
  return figures as Record<Figure, Samples>;
}
